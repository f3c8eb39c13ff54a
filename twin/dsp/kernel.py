"""The one decorator every compiled kernel of the twin uses."""

from typing import Any

import numba

# No fastmath: it deletes NaN checks and re-orders sums; both break "any chunking gives the same bits".
kernel: Any = numba.njit(cache=True, nogil=True, error_model="numpy")
