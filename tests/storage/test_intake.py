"""The group commit: who shares a transaction, who is served first, and what a failure costs."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_parts import NOW, Numbered, envelope

from router.archive import Action
from router.errors import InvalidInput, StoreUnavailable
from router.work import ROUTE, Accepted, CursorWrite
from storage import intake
from storage.failures import DataRefused
from storage.intake import MOST_IN_BATCH, MOST_WAITING, GroupCommit, Queue, Waiter
from storage.journal import Entry, Request


class Gate:
    """A database that runs nothing until it is let, and tells which messages shared a batch."""

    def __init__(self) -> None:
        self.open_ = asyncio.Event()
        self.batches: list[list[str]] = []
        self.errors: list[Exception | None] = []
        """What each transaction in turn fails with."""
        self.poison: set[str] = set()

    async def write(self, tx):
        await self.open_.wait()
        requests = tx.keywords.get("requests") or [tx.keywords["request"]]
        names = [e.envelope.provider_id for r in requests for e in r.entries]
        self.batches.append(names)
        if self.errors and (error := self.errors.pop(0)) is not None:
            raise error
        if self.poison & set(names):
            raise DataRefused("these data")
        return [tuple(Accepted(e.id, True) for e in r.entries) for r in requests]


@pytest.fixture
async def gate():
    return Gate()


@pytest.fixture
async def woken():
    return []


@pytest.fixture
async def door(gate, woken):
    door = GroupCommit(gate, "main", Numbered(), None, woken.append)
    door.open()
    yield door
    gate.open_.set()
    await door.close()


async def queued(door, *ids, account="main", cursor=None):
    """Have somebody wait with messages; returns the task that waits."""
    messages = [envelope(id=each, account=account) for each in ids]
    task = asyncio.ensure_future(door.accept(messages, cursor))
    await asyncio.sleep(0)
    return task


async def under_way(door):
    """Have the committer busy with one message: those who come now wait for the next batch."""
    task = await queued(door, "under way")
    await asyncio.sleep(0)
    return task


async def settled(*tasks):
    return await asyncio.gather(*tasks, return_exceptions=True)


async def test_all_who_wait_share_one_transaction(door, gate, woken):
    first = await under_way(door)
    rest = [await queued(door, f"b{n}") for n in range(50)]
    gate.open_.set()
    await settled(first, *rest)
    assert gate.batches == [["under way"], [f"b{n}" for n in range(50)]]
    assert woken == [ROUTE, ROUTE]


@pytest.mark.parametrize("many", [intake.SIBLINGS - 1, intake.SIBLINGS])
async def test_while_many_wait_a_commit_waits_a_moment_for_more(door, gate, many):
    first = await under_way(door)
    rest = [await queued(door, f"b{n}") for n in range(many)]
    gate.open_.set()
    await first
    late = await queued(door, "late")
    await settled(*rest, late)
    joined = "late" in gate.batches[1]
    assert joined is (many == intake.SIBLINGS)


async def test_who_gave_up_before_his_turn_is_skipped(door, gate):
    first = await under_way(door)
    gone, stays = await queued(door, "gone"), await queued(door, "stays")
    gone.cancel()
    await asyncio.sleep(0)
    gate.open_.set()
    await settled(first, stays)
    assert gate.batches == [["under way"], ["stays"]]


async def test_who_gives_up_during_the_commit_spoils_nothing(door, gate):
    first, second = await queued(door, "a"), await queued(door, "b")
    await asyncio.sleep(0)
    first.cancel()
    gate.open_.set()
    assert (await settled(second))[0][0].new
    third = await queued(door, "c")
    assert (await settled(third))[0][0].new


@pytest.mark.parametrize("error", [StoreUnavailable("locked"), RuntimeError("a defect")])
async def test_a_failure_fails_the_whole_batch_at_once_and_only_it(door, gate, error):
    gate.errors = [None, error]
    await under_way(door)
    batch = [await queued(door, str(n)) for n in range(9)]
    gate.open_.set()
    ends = await settled(*batch)
    assert all(isinstance(end, StoreUnavailable) for end in ends)
    assert len(gate.batches) == 2
    assert (await settled(await queued(door, "later")))[0][0].new


async def test_a_failure_while_bad_data_are_looked_for_fails_the_rest_at_once(door, gate):
    gate.errors = [None, DataRefused("some"), StoreUnavailable("gone")]
    await under_way(door)
    batch = [await queued(door, str(n)) for n in range(8)]
    gate.open_.set()
    ends = await settled(*batch)
    assert all(isinstance(end, StoreUnavailable) for end in ends)
    assert [len(each) for each in gate.batches] == [1, 8, 4]


@given(bad=st.sets(st.integers(0, 39), max_size=6), size=st.integers(1, 40))
@settings(deadline=None, max_examples=60)
def test_bad_data_are_found_and_the_others_commit(bad, size):
    async def run():
        gate = Gate()
        gate.poison = {str(n) for n in bad}
        door = GroupCommit(gate, "main", Numbered(), None, lambda role: None)
        door.open()
        await under_way(door)
        tasks = [await queued(door, str(n)) for n in range(size)]
        gate.open_.set()
        ends = await settled(*tasks)
        await door.close()
        return ends

    for number, end in enumerate(asyncio.run(run())):
        if number in bad:
            assert isinstance(end, InvalidInput)
        else:
            assert end[0].new


async def test_more_than_may_wait_of_one_account_are_refused_but_of_that_account_only(door, gate):
    first = await queued(door, "a", account="mail")
    await asyncio.sleep(0)
    many = await queued(door, *map(str, range(MOST_WAITING)), account="mail")
    with pytest.raises(StoreUnavailable, match="wait already"):
        await door.accept([envelope(id="one too many", account="mail")])
    hook = await queued(door, "hook", account="sms")
    many.cancel()
    gate.open_.set()
    await settled(first, hook)
    assert hook.result()[0].new


async def test_closing_fails_those_who_wait_and_opens_again(door, gate):
    first, second = await queued(door, "a"), await queued(door, "b")
    closing = asyncio.ensure_future(door.close())
    ends = await settled(first, second)
    assert all(isinstance(end, StoreUnavailable) for end in ends)
    await closing
    with pytest.raises(StoreUnavailable, match="not open"):
        await door.accept([envelope(id="c")])
    door.open()
    gate.open_.set()
    assert (await door.accept([envelope(id="d")]))[0].new


async def test_the_committer_that_was_cancelled_by_mistake_goes_on(door, gate):
    first = await queued(door, "a")
    await asyncio.sleep(0)
    for task in asyncio.all_tasks():
        if "_run" in task.get_coro().__qualname__:
            task.cancel()
    assert isinstance((await settled(first))[0], StoreUnavailable)
    gate.open_.set()
    assert (await settled(await queued(door, "b")))[0][0].new


async def test_nothing_to_accept_needs_no_transaction(door, gate):
    assert await door.accept([]) == ()
    assert gate.batches == []


# --- who is served first --------------------------------------------------------------------------


def waiting(queue, account, *ids):
    entries = tuple(Entry(0, envelope(id=each, account=account)) for each in ids)
    waiter = Waiter(Request(entries), asyncio.get_running_loop().create_future())
    queue.put(account, waiter)
    return waiter


@pytest.mark.parametrize("size", [1, 50, 256])
async def test_a_backlog_of_twenty_thousand_mails_never_delays_a_webhook(size, monkeypatch):
    monkeypatch.setattr(intake, "MOST_WAITING", 20_000)
    queue = Queue()
    for start in range(0, 20_000, size):
        waiting(queue, "mail", *(f"m{n}" for n in range(start, min(start + size, 20_000))))
    hook = waiting(queue, "sms", "hook")
    batches = [await queue.take(), await queue.take()]
    assert any(hook in batch for batch in batches)


async def test_a_large_delivery_of_mail_is_not_overtaken_for_ever_by_webhooks():
    queue = Queue()
    waiting(queue, "sms", "sms 0")
    mail = waiting(queue, "mail", *(f"m{n}" for n in range(MOST_IN_BATCH)))
    waiting(queue, "telegram", "telegram 0")
    for turn in range(1, 5):
        batch = await queue.take()
        if mail in batch:
            return
        for waiter in batch:  # who was served writes again
            account = waiter.request.entries[0].envelope.account
            waiting(queue, account, f"{account} {turn}")
    raise AssertionError("the mail was overtaken again and again")


_arrivals = st.lists(
    st.tuples(st.sampled_from(["mail", "sms", "telegram"]), st.integers(1, 300)), max_size=40
)


@given(_arrivals)
@settings(deadline=None)
def test_every_message_is_served_once_in_the_order_of_its_account(arrivals):
    async def run():
        queue, given_ = Queue(), {"mail": [], "sms": [], "telegram": []}
        for number, (account, size) in enumerate(arrivals):
            ids = [f"{account} {number} {n}" for n in range(size)]
            given_[account] += ids
            waiting(queue, account, *ids)
        batches = []
        while len([each for batch in batches for each in batch]) < sum(map(len, given_.values())):
            batch = await queue.take()
            batches.append([e.envelope.provider_id for w in batch for e in w.request.entries])
        return given_, batches

    given_, batches = asyncio.run(run())
    served = [each for batch in batches for each in batch]
    for account, ids in given_.items():
        assert [each for each in served if each.split(" ")[0] == account] == ids
    assert len(served) == sum(map(len, given_.values()))
    for batch in batches:
        assert len(batch) <= MOST_IN_BATCH or len({each.rsplit(" ", 1)[0] for each in batch}) == 1


# --- with a database ------------------------------------------------------------------------------


async def test_what_a_database_cannot_write_is_kept_for_an_agent_and_the_others_commit(
    database_store,
):
    store = database_store
    bad = envelope("bob", id="bad", at=NOW)
    object.__setattr__(bad, "note", object())
    ends = await settled(
        store.accept([envelope("ana", id="1")]),
        store.accept([envelope("ana", id="2"), bad]),
        store.accept([envelope("cleo", id="3")]),
    )
    assert [[each.new for each in end] for end in ends] == [[True], [True, True], [True]]
    lines = {line.provider_id: line.action for line in await store.journal()}
    quarantined = [name for name, action in lines.items() if action is Action.QUARANTINE]
    assert {"1", "2", "3"} <= lines.keys()
    assert len(quarantined) == 1


async def test_one_who_lost_his_poller_fails_alone(store):
    lease = await store.take("imap", 60, NOW)
    ends = await settled(
        store.accept([envelope("ana", id="1")], CursorWrite("imap", "7", "another token")),
        store.accept([envelope("bob", id="2")], CursorWrite("imap", "8", lease.token)),
        store.accept([envelope("cleo", id="3")]),
    )
    assert isinstance(ends[0], StoreUnavailable)
    assert [ends[1][0].new, ends[2][0].new] == [True, True]
    assert [line.provider_id for line in await store.journal()] == ["2", "3"]
