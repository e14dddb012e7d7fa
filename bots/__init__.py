"""The chat bots. In a wheel they are `fink_ad.bots`."""
