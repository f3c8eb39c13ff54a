"""What is done wrong on purpose, at the places where it may be."""

from asyncua import ua

from emulator.devices.opcua.subscriptions.hooks import NoHooks, RevisedItem


class _Wrong(NoHooks):
    on = True
    fate = "send"
    lives = True

    def notification(self, subscription_id, sequence):
        return self.fate

    def keep_alive(self, subscription_id):
        return False

    def republish(self, subscription_id, sequence):
        return ua.StatusCodes.BadMessageNotAvailable

    def publishing(self, subscription_id):
        return self.lives

    def revise_item(self, wanted):
        return RevisedItem(2 * wanted.sampling_s, 1)


def test_each_hook_does_its_wrong_and_nothing_else(on_stage, said):
    async def body(stage, client):
        wrong = stage.server.misbehaviour.subscriptions = _Wrong()
        number = await client.subscribe()
        (made,) = await client.monitor(number, {"path": "A/Flow", "queue": 9, "sampling": 100.0})
        assert (made.RevisedSamplingInterval, made.RevisedQueueSize) == (200, 1)
        answers = [client.publish() for _ in range(4)]
        await client.settle()
        stage.commit(a__flow=0.0)
        for k, fate in enumerate(("drop", "skip_number", "duplicate")):
            wrong.fate = fate
            for _ in range(2):
                stage.commit(a__flow=float(k))
        numbers = [(await answer).Parameters.NotificationMessage.SequenceNumber for answer in answers]
        assert numbers == [1, 3, 5, 5]
        republish = ua.RepublishRequest()
        republish.Parameters.SubscriptionId, republish.Parameters.RetransmitSequenceNumber = number, numbers[0]
        assert await client.ask(republish) == ua.StatusCodes.BadMessageNotAvailable
        wrong.lives = False
        stage.commit()
        assert not stage.server.subscriptions.subscriptions

    on_stage(body)
