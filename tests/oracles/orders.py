"""Slow, obvious counterparts of order tracking and gear analysis, and signals made from the book."""

import numpy as np


def run_up(seconds, rate_hz, start_hz=10.0, stop_hz=25.0):
    """Time, speed and shaft angle of a linear run-up, in closed form."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    slope = (stop_hz - start_hz) / seconds
    return t, start_hz + slope * t, start_hz * t + 0.5 * slope * t**2


def harmonics(revs, parts, noise, rng):
    """Sum of cosines locked to the shaft, {order: amplitude}, random phases, and white noise."""
    x = noise * rng.standard_normal(revs.size)
    for order, amplitude in parts.items():
        x += amplitude * np.cos(2.0 * np.pi * order * revs + rng.uniform(0.0, 2.0 * np.pi))
    return x


def windowed_sinc(x, position, half_width, beta=8.0, stretch=1.0):
    """Value of x between samples: the sum over all samples of a Kaiser-windowed sinc, brought to unit sum."""
    lag = (position - np.arange(x.size)) / stretch
    inside = np.abs(lag) < half_width
    weight = np.zeros(x.size)
    weight[inside] = np.sinc(lag[inside]) * np.i0(beta * np.sqrt(1.0 - (lag[inside] / half_width) ** 2)) / np.i0(beta)
    return float(np.sum(weight * x) / np.sum(weight))


def rising_edges(x, low, high):
    """Edges through `high` after a visit below `low`, on the line between two samples."""
    edges = []
    armed = False
    for i, value in enumerate(x):
        if value < low:
            armed = True
        elif value >= high and armed:
            if i > 0 and not np.isnan(x[i - 1]):
                edges.append(i - 1 + (high - x[i - 1]) / (value - x[i - 1]))
            armed = False
    return np.array(edges)


def best_path_score(scores, reach):
    """Largest mean score of a path, by trying all of them."""
    frames, cells = scores.shape

    def best_from(frame, cell):
        here = scores[frame, cell]
        if frame == frames - 1:
            return here
        steps = range(max(cell - reach, 0), min(cell + reach, cells - 1) + 1)
        return here + max(best_from(frame + 1, after) for after in steps)

    return max(best_from(0, cell) for cell in range(cells)) / frames


def turn_mean(x, samples_per_rev):
    """Mean over whole turns, the readings that are there."""
    turns = x[: x.size // samples_per_rev * samples_per_rev].reshape(-1, samples_per_rev)
    return np.array([np.mean(column[~np.isnan(column)]) for column in turns.T])


def exponential_mean(x, samples_per_rev, weight):
    """Mean of turns in which the newest weighs `weight` (the first ones 1/n)."""
    turns = x[: x.size // samples_per_rev * samples_per_rev].reshape(-1, samples_per_rev)
    mean = np.zeros(samples_per_rev)
    for n, turn in enumerate(turns, start=1):
        now = max(1.0 / n, weight)
        mean = (1.0 - now) * mean + now * turn
    return mean


def without_orders(x, orders):
    """Take sines and cosines of whole orders off one turn, by least squares one after the other."""
    angle = 2.0 * np.pi * np.arange(x.size) / x.size
    left = x.astype(float)
    for order in orders:
        if order == 0:
            left = left - left.mean()
            continue
        for wave in (np.cos(order * angle), np.sin(order * angle)):
            left = left - wave * np.dot(left, wave) / np.dot(wave, wave)
    return left


def normalised_moment(x, power):
    """Central moment over a power of the variance."""
    deviation = x - np.mean(x)
    return np.mean(deviation**power) / np.mean(deviation**2) ** (power / 2)


def gear_turn(teeth, samples, *, crack_tooth=None, depth=0.0, am=0.0, fm=0.0):
    """One turn of a gear: three mesh harmonics, AM and FM at once per turn, and a crack.

    A cracked tooth is softer: at its mesh the load sags, so amplitude and phase dip over one tooth (McFadden 1986).
    """
    turn = np.arange(samples) / samples
    dip = np.zeros(samples)
    if crack_tooth is not None:
        away = (turn * teeth - crack_tooth + 0.5 * teeth) % teeth - 0.5 * teeth
        dip = depth * np.exp(-0.5 * (away / 0.6) ** 2)
    x = np.zeros(samples)
    for m, amplitude in ((1, 1.0), (2, 0.4), (3, 0.2)):
        phase = 2.0 * np.pi * m * teeth * turn + m * (fm * np.sin(2.0 * np.pi * turn) - dip) + 0.7 * m
        x += amplitude * (1.0 + am * np.cos(2.0 * np.pi * turn) - dip) * np.cos(phase)
    return x
