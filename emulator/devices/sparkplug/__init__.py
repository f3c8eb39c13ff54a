"""Sparkplug B 3.0 of our own: payloads as bytes, an edge node, and what it can be told to do wrong.

What an edge node publishes, point by point:

- Topics ``spBv1.0/<group>/<NBIRTH|NDEATH|NDATA|DBIRTH|DDEATH|DDATA>/<node>[/<device>]``; `node` is the rig device's id
  unless its settings name one, `device` comes from the point's address. QoS 0, not retained; NDEATH is the will, QoS 1.
- Births name every metric with alias, data type, value and the properties ``engUnit``, ``engLow``, ``engHigh``,
  ``Quality`` (0, 192, 500). Aliases 1 to 3 are node control, points count from 10. A point that can only be written
  is null until it was. Data carry aliases alone (names alone where ``aliases: false``), and no data type.
- A metric's `timestamp` is the device's time of its value [ms], the payload's that of the scan it belongs to. A value
  is reported when it left its dead band or changed its quality, and at least every ``refresh``. Quality is left out
  while it is good and was.
- A waveform is a DataSet of one Float column ``sample`` (``waveform: array``: a FloatArray) with the properties ``n0``
  (UInt64, number of the first sample) and ``rate`` (Double [Hz]); births have no rows and say the ``n0`` to come. Its
  timestamp is that of the newest sample.
- Commands: ``NCMD`` and ``DCMD`` by name or alias, of the metric's type; ``Node Control/Rebirth`` is answered at the
  next scan. What is out of range or cannot be written is not carried out.
"""
