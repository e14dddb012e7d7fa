"""What an operator does and asks: retry dead letters, see whether all is well."""

from fink_ad.operations.doctor import examine
from fink_ad.operations.finding import Finding
from fink_ad.operations.retry import RetryResult, retry_letters

__all__ = ["Finding", "RetryResult", "examine", "retry_letters"]
