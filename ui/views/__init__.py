"""One file per page; `fink_ad.ui.app` says which there are."""
