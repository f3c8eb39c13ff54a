"""One client's connection to the broker, from CONNECT to the end: what each packet does and what it is answered."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from emulator.devices.mqtt import packets as mqtt
from emulator.devices.mqtt.decode import MAX_PACKET, Decoder
from emulator.devices.mqtt.encode import encode
from emulator.devices.mqtt.packets import V5, Ack, Connack, Connect, Disconnect, Packet, ProtocolError, Publish, find
from emulator.devices.mqtt.properties import (
    ASSIGNED_CLIENT_ID,
    AUTHENTICATION_METHOD,
    MAXIMUM_PACKET,
    RECEIVE_MAXIMUM,
    SESSION_EXPIRY,
    SHARED_AVAILABLE,
    SUBSCRIPTION_ID,
    TOPIC_ALIAS,
)
from emulator.devices.mqtt.session import IN_FLIGHT, Session, as_duplicate
from emulator.devices.mqtt.topics import DEEPEST, is_filter, matches

if TYPE_CHECKING:
    from collections.abc import Callable

    from emulator.devices.mqtt.broker import Broker

CONNECT_WITHIN_S: Final = 10.0
SUBSCRIPTIONS: Final = 1_000
UNRELEASED: Final = 100  # QoS 2 messages that a client may leave without PUBREL, announced to those of 5.0
_OLD_CODES: Final = {0x84: 1, 0x85: 2, 0x88: 3, 0x86: 4, 0x87: 5}  # CONNACK of 3.1.1, table 3.1
_NEW_CODES: Final = {1: 0x84, 2: 0x85, 3: 0x88, 4: 0x86, 5: 0x87}
_FOREVER: Final = 0xFFFFFFFF


class Conversation:
    """A connection.

    Parameters
    ----------
    broker
        Whom the client talks to.
    write, close, backlog
        What the connection can do: send bytes, hang up after what was sent, say how much is unsent.

    Attributes
    ----------
    silence_s
        How long the client may say nothing before it is thrown out [s]; 0 for ever.

    """

    def __init__(
        self,
        broker: Broker,
        write: Callable[[bytes], None],
        close: Callable[[], None],
        backlog: Callable[[], int],
    ) -> None:
        self.broker = broker
        self.backlog = backlog
        self.silence_s = CONNECT_WITHIN_S
        self.session: Session | None = None
        self._write = write
        self._close = close
        self._decoder = Decoder(at_broker=True)
        self._connect: Connect | None = None
        self._will: mqtt.Will | None = None
        self._expiry_s = 0
        self._over = False
        self._broken: set[int] = set()
        broker.hang_up.append(self.hang_up)

    @property
    def open(self) -> bool:
        """Whether anything can still be said."""
        return not self._over

    def receive(self, data: bytes) -> None:
        """Take bytes from the client."""
        if self._over:
            return
        try:
            for packet in self._decoder.feed(data):
                self._take(packet)
                if not self.open:
                    return
        except ProtocolError as problem:
            self.broker.counters.protocol_errors += 1
            self._refuse(problem.code)

    def send(self, packet: Packet) -> None:
        """Send a packet; of messages, what the faults ask for beside it."""
        if self._over:
            return
        self._write(encode(packet, self._decoder.version))
        if isinstance(packet, Publish) and packet.qos and self.broker.wrong.plans:
            plan = self.broker.wrong.hit("mqtt_duplicate", packet.topic)
            if plan is not None:
                again = encode(as_duplicate(packet), self._decoder.version)
                self.broker.timers.later(float(plan["delay_s"]), partial(self._write_if_open, again))

    def _write_if_open(self, data: bytes) -> None:
        if not self._over:
            self._write(data)

    def hang_up(self, reason: str | None) -> None:
        """Close from the broker's side: `reason` None is a crash, without a will and without a word."""
        if self._over:
            return
        if reason is None:
            self._will = None
        elif self._connect is None or not self.broker.wrong.hit("mqtt_takeover", self._connect.client_id):
            return
        else:
            self._goodbye(mqtt.TAKEN_OVER)
        self._end()

    def timed_out(self) -> None:
        """Throw the client out for its silence; its will is said."""
        self._goodbye(mqtt.KEEP_ALIVE_TIMEOUT)
        self._end()

    def lost(self) -> None:
        """Take note that the connection is gone."""
        self._end()

    def _refuse(self, code: int) -> None:
        """End the connection over a client's error."""
        if self._connect is None:
            if code == mqtt.UNSUPPORTED_VERSION:
                self._write(encode(Connack(False, 1)))
        else:
            self._goodbye(code)
        self._end()

    def _goodbye(self, code: int) -> None:
        if self._decoder.version == V5 and self._connect is not None:
            self.send(Disconnect(code))

    def _end(self) -> None:
        if self._over:
            return
        self._over = True
        self.broker.hang_up.remove(self.hang_up)
        session, self.session = self.session, None
        if session is not None and session.wire is self:
            session.wire = None
            if self._expiry_s == 0:
                self.broker.forget(session)
            elif self._expiry_s != _FOREVER:
                self.broker.expire(session, self._expiry_s)
        will, self._will = self._will, None
        if will is not None and session is not None:
            self.broker.died(session.client_id, will)
        self._close()

    # --- packets ------------------------------------------------------------------------------------------

    def _take(self, packet: Packet) -> None:
        match packet:
            case Publish():
                self._publish(packet)
            case Connect():
                self._greet(packet)
            case Ack(kind="pubrel"):
                assert self.session is not None
                self.send(self.session.release(packet.packet_id))
            case Ack():
                self._acknowledged(packet)
            case mqtt.Subscribe():
                self._subscribe(packet)
            case mqtt.Unsubscribe():
                assert self.session is not None
                gone = [self.broker.unsubscribe(self.session, name) for name in packet.filters]
                codes = tuple(0 if one else mqtt.NO_SUBSCRIPTION for one in gone)
                self.send(mqtt.Unsuback(packet.packet_id, codes if self._decoder.version == V5 else ()))
            case mqtt.Ping():
                if self.broker.wrong.hit("mqtt_keepalive_lost") is None:
                    self.send(mqtt.Pong())
            case Disconnect():
                if packet.code != 0x04:  # "disconnect with will message"
                    self._will = None
                self._expiry_s = find(packet.properties, SESSION_EXPIRY, self._expiry_s)
                self._end()
            case _:
                raise ProtocolError("no extended authentication is going on", mqtt.PROTOCOL_ERROR)

    def _greet(self, connect: Connect) -> None:
        broker = self.broker
        refused = self._reason_to_refuse(connect)
        if refused:
            five = connect.version == V5
            self.send(Connack(False, refused if five else _OLD_CODES.get(refused, refused if refused < 6 else 3)))
            self._end()
            return
        client_id = connect.client_id or f"auto-{broker.counters.named + 1}"
        broker.counters.named += not connect.client_id
        old = broker.sessions.get(client_id)
        if old is not None and isinstance(old.wire, Conversation):
            old.wire.replaced()
        broker.returned(client_id, clean=connect.clean)
        found = broker.session(client_id, clean=connect.clean)
        if found is None:
            self.send(Connack(False, mqtt.QUOTA_EXCEEDED if connect.version == V5 else 3))
            self._end()
            return
        session, present = found
        self._connect, self._will, self.session = connect, connect.will, session
        self.silence_s = connect.keep_alive * 1.5
        props: mqtt.Properties = ()
        if connect.version == V5:
            self._expiry_s = find(connect.properties, SESSION_EXPIRY, 0)
            session.receive_maximum = min(IN_FLIGHT, find(connect.properties, RECEIVE_MAXIMUM, IN_FLIGHT))
            session.maximum_packet = find(connect.properties, MAXIMUM_PACKET, 1 << 28)
            named = () if connect.client_id else ((ASSIGNED_CLIENT_ID, client_id),)
            props = ((RECEIVE_MAXIMUM, UNRELEASED), (MAXIMUM_PACKET, MAX_PACKET), (SHARED_AVAILABLE, 0), *named)
        else:
            self._expiry_s = 0 if connect.clean else _FOREVER
        self.send(Connack(present, 0, props))
        session.resume(self)

    def replaced(self) -> None:
        """Make way for another connection of the same client (§3.1.4)."""
        self._goodbye(mqtt.TAKEN_OVER)
        self._end()

    def _reason_to_refuse(self, connect: Connect) -> int:
        broker = self.broker
        plan = broker.wrong.hit("mqtt_connack_refused", connect.client_id)
        if plan is not None:
            code = int(plan["code"])
            return _NEW_CODES.get(code, code) if connect.version == V5 else code
        if not connect.client_id and not connect.clean and connect.version != V5:
            return mqtt.CLIENT_ID_INVALID
        if find(connect.properties, AUTHENTICATION_METHOD) is not None:
            return mqtt.BAD_AUTHENTICATION_METHOD
        if not broker.accounts.admits(connect.user, connect.password):
            return mqtt.BAD_USER_OR_PASSWORD
        if connect.will is not None and not self._may_publish(connect.user, connect.will.topic):
            return mqtt.NOT_AUTHORIZED
        return 0

    def _may_publish(self, user: str | None, topic: str) -> bool:
        return not topic.startswith("$") and self.broker.accounts.may_publish(user, topic)

    def _publish(self, packet: Publish) -> None:
        session, connect = self.session, self._connect
        assert session is not None
        assert connect is not None
        if find(packet.properties, TOPIC_ALIAS) is not None:
            raise ProtocolError("no topic alias was offered", mqtt.TOPIC_ALIAS_INVALID)
        if find(packet.properties, SUBSCRIPTION_ID) is not None:
            raise ProtocolError("a client publishes without subscription identifiers", mqtt.PROTOCOL_ERROR)
        again = packet.qos == 2 and packet.packet_id in session.received
        if packet.qos == 2 and not again and len(session.received) >= UNRELEASED:
            raise ProtocolError("too many messages without PUBREL", mqtt.RECEIVE_MAXIMUM_EXCEEDED)
        allowed = self._may_publish(connect.user, packet.topic)
        if allowed and not again:
            message = Publish(packet.topic, packet.payload, packet.qos, packet.retain, properties=packet.properties)
            self.broker.publish(message, session)
        # 3.1.1 knows no way to say no; its clients are answered as if all were well (§3.3.5).
        code = 0 if allowed or connect.version != V5 else mqtt.NOT_AUTHORIZED
        if packet.qos == 1:
            self.send(Ack("puback", packet.packet_id, code))
        elif packet.qos == 2:
            if not code:
                session.received.add(packet.packet_id)
            self.send(Ack("pubrec", packet.packet_id, code))

    def _acknowledged(self, ack: Ack) -> None:
        session = self.session
        assert session is not None
        if ack.kind == "pubrec" and self.broker.wrong.plans and ack.packet_id not in self._broken:
            message = session.in_flight.get(ack.packet_id)
            if message is not None and self.broker.wrong.hit("mqtt_qos2_broken", message.topic) is not None:
                self._broken.add(ack.packet_id)
                self._write(encode(as_duplicate(message), self._decoder.version))
                return
        self._broken.discard(ack.packet_id)
        answer = session.acknowledge(ack)
        if answer is not None:
            self.send(Ack(answer, ack.packet_id))

    def _subscribe(self, packet: mqtt.Subscribe) -> None:
        session = self.session
        assert session is not None
        codes = tuple(self._granted(session, name, options) for name, options in packet.filters)
        old = self._decoder.version != V5
        self.send(mqtt.Suback(packet.packet_id, tuple(0x80 if old and code > 2 else code for code in codes)))
        identifier = find(packet.properties, SUBSCRIPTION_ID)
        for (name, options), code in zip(packet.filters, codes, strict=True):
            if code <= 2:
                self.broker.subscribe(session, name, options, identifier)

    def _granted(self, session: Session, name: str, options: int) -> int:
        wrong = self.broker.wrong
        plan = wrong.plans.get("mqtt_suback_refused")
        if plan is not None and matches(str(plan["filter"]), name) and wrong.hit("mqtt_suback_refused", name):
            return mqtt.UNSPECIFIED
        if not is_filter(name) or name.count("/") >= DEEPEST:
            return mqtt.FILTER_INVALID
        if name.startswith("$share/"):
            return mqtt.SHARED_NOT_SUPPORTED
        assert self._connect is not None
        if not self.broker.accounts.may_subscribe(self._connect.user, name):
            return mqtt.NOT_AUTHORIZED
        if name not in session.subscriptions and len(session.subscriptions) >= SUBSCRIPTIONS:
            return mqtt.QUOTA_EXCEEDED
        return options & 3
