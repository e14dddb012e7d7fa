"""The review page: a Streamlit application. In a wheel it is `fink_ad.ui`."""
