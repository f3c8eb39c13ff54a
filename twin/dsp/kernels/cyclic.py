"""Products of neighbouring bins, summed over the shifts that scan the cyclic frequencies."""

import numpy as np

from twin.dsp.kernel import kernel


@kernel
def scanning_products(spectra, shifts, scratch, out):
    """Fill out[k, i] = X(i, k) conj(sum_p X(i, k-p)), p = 0 … shifts; X(i, -k) = conj X(i, k).

    spectra : complex128[bins, frames], bins > shifts + 1; scratch : complex128[frames];
    out : complex128[bins, >= frames].
    """
    bins, frames = spectra.shape
    for i in range(frames):
        scratch[i] = 0.0
    # the conjugate of the sum as it would stand before bin 0
    for p in range(1, shifts + 2):
        row = spectra[p]
        for i in range(frames):
            scratch[i] += row[i]
    for k in range(bins):
        row = spectra[k]
        target = out[k]
        leaving = k - shifts - 1
        if leaving < 0:
            gone = spectra[-leaving]
            for i in range(frames):
                scratch[i] += np.conj(row[i]) - gone[i]
                target[i] = row[i] * scratch[i]
        else:
            gone = spectra[leaving]
            for i in range(frames):
                scratch[i] += np.conj(row[i]) - np.conj(gone[i])
                target[i] = row[i] * scratch[i]


def examples():
    """Tiny calls with the types of the real ones, for `warmup`."""
    spectra = np.ones((4, 3), dtype=np.complex128)
    return [("scanning_products", lambda: scanning_products(spectra, 1, spectra[0].copy(), spectra.copy()))]
