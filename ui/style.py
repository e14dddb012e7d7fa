"""The look of the page: tight enough that one candidate needs no scrolling."""

__all__ = ["STYLE"]

STYLE = """<style>
.stMainBlockContainer { padding: 4.2rem 1.2rem 0.4rem 1.2rem; }
.stApp [data-testid="stBottomBlockContainer"] { padding: 0.3rem 1.2rem 0.5rem 1.2rem; }
[data-testid="stVerticalBlock"] { gap: 0.4rem; }
/* What it writes, a spreadsheet could run: pages offer files of their own. */
[data-testid="stElementToolbarButton"]:has([aria-label^="Download as CSV"]) {
  display: none;
}
[data-testid="stMetricValue"] { font-size: 1.5rem; }
.ad-line { display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; align-items: baseline;
  font-size: 0.9rem; line-height: 1.35; }
.ad-name { font-size: 1.3rem; font-weight: 700; user-select: all; overflow-wrap: anywhere; }
.ad-strong { font-weight: 700; }
.ad-dim { opacity: 0.72; }
.ad-chip { border: 1px solid currentColor; border-radius: 0.7rem; padding: 0 0.5rem;
  font-size: 0.8rem; opacity: 0.85; overflow-wrap: anywhere; }
.ad-table { border-collapse: collapse; width: 100%; font-size: 0.82rem; line-height: 1.25; }
.ad-table th { text-align: left; font-weight: 600; padding: 0 0.4rem 0.1rem 0; opacity: 0.72; }
.ad-table td { padding: 0.05rem 0.4rem 0.05rem 0; vertical-align: middle;
  overflow-wrap: anywhere; }
.ad-table td.n, .ad-table th.n { text-align: right; white-space: nowrap; }
.ad-stamps { display: grid; grid-template-columns: repeat(3, 1fr); gap: 0.4rem; }
.ad-stamps figure { margin: 0; font-size: 0.78rem; }
.ad-stamps img, .ad-none { width: 100%; height: 8.4rem; object-fit: contain;
  image-rendering: pixelated; background: #777; display: block; }
.ad-stamps figure { position: relative; }
.ad-north { position: absolute; top: 0.3rem; right: 0.5rem; color: #ffd000; font-weight: 700;
  font-size: 0.72rem; line-height: 0.72rem; text-align: center; text-shadow: 0 0 2px #000; }
.ad-none { color: #fff; display: flex; align-items: center; justify-content: center; }
.ad-bars { display: inline-flex; align-items: flex-end; height: 21px; gap: 1px; }
.ad-bars i { width: 3px; background: #9aa5b1; border-bottom: 3px solid transparent;
  box-sizing: content-box; background-clip: padding-box; }
.ad-bars i.own { background-color: #c8332b; border-bottom-color: #c8332b; }
a.ad-link { margin-right: 0.7rem; font-size: 0.88rem; }
@media (max-width: 640px) {
  .stMainBlockContainer { padding: 4.2rem 0.6rem 0.4rem 0.6rem; }
  .ad-stamps img, .ad-none { height: 6rem; }
  .stBottomBlockContainer button { padding: 0.1rem 0.55rem; min-height: 2.2rem; }
  .stBottomBlockContainer [data-testid="stHorizontalBlock"] { gap: 0.35rem; }
  .st-key-filters [data-testid="stColumn"],
  [data-testid="stColumn"]:has([data-testid="stMetric"]) {
    min-width: calc(50% - 0.5rem); flex: 1 1 calc(50% - 0.5rem); }
}
</style>"""
"""CSS of the page; class names begin with ``ad-``."""
