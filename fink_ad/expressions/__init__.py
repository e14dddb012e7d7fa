"""Conditions on alerts that people write: ``abs(b_deg) > 30 and "known_variable" not in tags``.

A condition is read by Python's own parser into a syntax tree, of which only the forms below are
understood; nothing is ever compiled to code or looked up by name anywhere but in the columns
given. It is evaluated on whole columns.

=====================  ===================================================================
numbers, texts         ``0.5``, ``1e-3``, ``"g"``
columns                ``n_det``, ``statistics.stetson_K_g``
arithmetic             ``+ - * / **``, ``abs log10 sqrt``, ``min max`` of two or more
comparisons            ``< <= > >= == !=``, chained: ``0 < context.nights <= 3``
missing values         ``isnan(x)``
lists                  ``"tag" in tags``, ``band in ("g", "r")``, and ``not in``
together               ``and``, ``or``, ``not``, brackets
=====================  ===================================================================

A missing value (NaN) makes every comparison false, ``!=`` too.
"""

from fink_ad.expressions.expression import Expression
from fink_ad.expressions.reader import MAX_LENGTH, parse

__all__ = ["MAX_LENGTH", "Expression", "parse"]
