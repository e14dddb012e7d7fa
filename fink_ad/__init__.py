"""Active-learning anomaly detection for astronomical alert streams.

Rooms, in import order: ``alerts`` (what an alert is), ``sources`` (where alerts come from),
``simulate`` (a sky with known answers), ``features`` (numbers that describe an alert),
``filters`` (what to drop, keep or promote), ``forest`` (who is strange), ``store`` (what is
remembered), ``pipeline`` (the street through all of them) and ``cli``.
"""

__version__ = "0.1.0"
