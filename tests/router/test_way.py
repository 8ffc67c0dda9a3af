"""The way of a message, from the journal to what is queued, on a store on disk."""

import json
import threading
from dataclasses import replace

import pytest
from store_parts import write

from router.archive import Action, CaseFilter
from router.case import EventKind, ReporterRole, Status
from router.decision import Urgency
from router.delivery import DeliveryKind
from router.directory import Contact
from router.tokens import PARTNER, REPLY
from router.tracking import printed
from router.words.texts import TextId, text
from router.work import CaseWrite, Unit


async def test_a_message_becomes_one_case_with_one_owner_and_one_receipt(town):
    heard = await town.hear("ana", "Le lampadaire rue Scribe est éteint")
    assert heard.action is Action.CREATE
    case = heard.case
    assert (case.owner, case.status, case.category) == ("eclairage", Status.ASSIGNED, "eclairage")
    (receipt,) = await town.to("ana")
    assert receipt.kind is DeliveryKind.ACKNOWLEDGEMENT
    assert printed(case.number) in receipt.text
    assert "Service eclairage" in receipt.text
    (forward,) = await town.to("eclairage@services.example")
    assert json.loads(forward.data)["number"] == case.number


async def test_a_receipt_gives_a_telephone_number_as_people_say_it(town):
    lights = replace(town.rules.service("eclairage"), contact=Contact(phone="+33261910105"))
    town.rules.service = lambda service: lights
    await town.hear("ana", "Le lampadaire est éteint")

    (receipt,) = await town.to("ana")
    assert "Pour joindre ce service : 02 61 91 01 05" in receipt.text


async def test_the_same_message_delivered_again_changes_nothing(town):
    await town.hear("ana", "Le lampadaire est éteint", id="same")
    await town.store.accept([town.envelope("ana", "Le lampadaire est éteint", id="same")])
    assert await town.router.run_once() == 0
    assert len(await town.store.cases(CaseFilter())) == 1
    assert len(await town.to("ana")) == 1


async def test_a_danger_is_answered_by_its_numbers_first(town):
    heard = await town.hear("ana", "ça sent le gaz")
    assert heard.action is Action.EMERGENCY
    assert heard.case.urgency is Urgency.IMMEDIATE
    (receipt,) = await town.to("ana")
    assert receipt.text.startswith("Appelez le 18 ou le 112")


async def test_a_danger_is_never_taken_for_a_sequel(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    second = await town.hear("ana", "ça sent le gaz")
    assert second.action is Action.EMERGENCY
    assert second.case.id != first.case.id


async def test_a_private_matter_is_told_whom_to_ask_and_wakes_no_service(town):
    heard = await town.hear("ana", "où est mon colis")
    assert heard.action is Action.REDIRECT
    assert heard.case.status is Status.ANSWERED
    assert [d.address.value for d in await town.waiting()] == ["ana"]


async def test_what_belongs_to_a_town_outside_is_passed_on_and_said(town):
    heard = await town.hear("ana", "voiture sur le trottoir à Rezé")
    assert heard.case.status is Status.PASSED_ON
    assert len(await town.to("mairie-reze@services.example")) == 1


async def test_a_fact_that_the_rules_need_is_asked_once_and_its_answer_joins_the_case(town):
    first = await town.hear("ana", "c'est flou")
    assert (first.action, first.case.asked) == (Action.ASK, "lieu")
    second = await town.hear("ana", "rue Scribe")
    assert (second.action, second.case.id) == (Action.APPEND, first.case.id)
    assert second.case.place.street == "rue scribe"
    assert second.case.asked == ""


async def test_a_vague_message_is_asked_what_happens(town):
    heard = await town.hear("ana", "aidez moi")
    assert heard.action is Action.ASK
    assert heard.case.owner == "guichet-metropole"


@pytest.mark.parametrize("short", [False, True])
async def test_who_says_more_and_so_finds_the_right_service_reads_which_in_the_one_answer(
    town, short
):
    if short:
        town.policy = replace(town.policy, short_channels=frozenset({"memory"}))
        town.router = replace(town.router, policy=town.policy)
    first = await town.hear("ana", "aidez moi")
    second = await town.hear("ana", "le lampadaire est éteint")

    assert (second.case.id, second.case.owner) == (first.case.id, "eclairage")
    _, receipt = await town.to("ana")
    assert "maintenant confiée à : Service eclairage." in receipt.text
    assert receipt.text.count(printed(first.case.number)) == (1 if short else 2)


async def test_a_case_that_stays_is_not_said_to_move(town):
    await town.hear("ana", "le lampadaire est éteint")
    await town.hear("ana", "le lampadaire clignote toujours")

    assert "confiée" not in (await town.to("ana"))[-1].text


async def test_who_has_the_case_now_is_told_to_nobody_else(town):
    first = await town.hear("ana", "aidez moi")
    await town.hear("bob", f"C'est le lampadaire, demande {printed(first.case.number)}")

    assert "eclairage" not in (await town.to("bob"))[-1].text


async def test_a_danger_that_moves_a_case_is_answered_by_its_words_alone(town):
    await town.hear("ana", "aidez moi")
    moved = await town.hear("ana", "ça sent le gaz")

    assert moved.case.owner == "astreinte"
    assert "Vous n'avez rien à faire" not in (await town.to("ana"))[-1].text


# --- threading ----------------------------------------------------------------------------------


async def test_the_tracking_number_joins_in_any_spelling(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    number = printed(first.case.number).lower().replace("-", " ")
    again = await town.hear("ana", f"toujours éteint, demande {number}")
    assert (again.action, again.case.id) == (Action.APPEND, first.case.id)


async def test_a_stranger_with_the_number_is_a_third_party_and_is_shown_nothing(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    heard = await town.hear("bob", f"Et moi ? {printed(first.case.number)}")
    assert heard.action is Action.APPEND
    roles = {reporter.address.value: reporter.role for reporter in heard.case.reporters}
    assert roles == {"ana": ReporterRole.REPORTER, "bob": ReporterRole.THIRD_PARTY}
    (receipt,) = await town.to("bob")
    assert "eclairage" not in receipt.text
    assert "est transmis au service" in receipt.text


@pytest.mark.parametrize(
    ("person", "kind", "said"),
    [
        ("ana", "message", "Il grésille aussi, demande {}"),
        ("ana", "edit", "Il grésille aussi"),
        ("bob", "message", "Il grésille aussi, demande {}"),
        ("bob", "message", "odeur de gaz, demande {}"),
        ("bob", "edit", "Il grésille aussi"),
    ],
)
async def test_a_service_is_told_at_once_what_another_says_and_that_another_says_it(
    town, person, kind, said
):
    number = printed((await town.hear("ana", "Le lampadaire est éteint", id="a1")).case.number)
    if kind == "edit":
        await town.hear(person, f"à propos de {number}", id="m1")
        await town.hear(person, said, kind="edit", edited="m1")
    else:
        await town.hear(person, said.format(number))

    added = [json.loads(one.data) for one in await forwards(town, "eclairage")][-1]
    assert added["added"] == said.format(number)
    assert added.get("added_by") == (None if person == "ana" else "other")
    [case] = await town.store.cases(CaseFilter(owner="eclairage"))
    written = {EventKind.MESSAGE, EventKind.EDITED}
    who = [event.who for event in await town.store.events(case.id) if event.kind in written]
    assert set(who[-1:]) <= {"citizen" if person == "ana" else "other"}


@pytest.mark.parametrize("public", [False, True])
@pytest.mark.parametrize("person", ["ana", "bob"])
async def test_a_danger_said_on_a_known_case_is_answered_by_its_numbers_first(town, person, public):
    first = await town.hear("ana", "Le lampadaire est éteint")
    number = printed(first.case.number)
    await town.hear(person, f"ça sent le gaz, demande {number}", public=public)
    receipt = (await town.to(person))[-1]
    assert receipt.text.startswith("Appelez le 18 ou le 112")
    assert not (public and number in receipt.text)


async def test_a_signed_reply_address_joins_and_a_forged_one_counts_for_nothing(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    key = first.case.reporters[0].address.key
    token = town.signer.sign(REPLY, first.case.number, key)
    joined = await town.hear("ana", "Voici autre chose", tokens=[token])
    assert joined.case.id == first.case.id
    forged = await town.hear("eve", "Voici autre chose", tokens=[token[:-1] + "x"])
    assert forged.case.id != first.case.id


async def test_the_right_token_from_a_stranger_joins_as_a_third_party_who_is_shown_nothing(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    token = town.signer.sign(REPLY, first.case.number, first.case.reporters[0].address.key)
    heard = await town.hear("eve", "Je réponds pour elle", tokens=[token])
    assert (heard.action, heard.case.id) == (Action.APPEND, first.case.id)
    assert heard.reason == "adresse de réponse signée transmise à une autre personne"
    roles = {reporter.address.value: reporter.role for reporter in heard.case.reporters}
    assert roles == {"ana": ReporterRole.REPORTER, "eve": ReporterRole.THIRD_PARTY}
    assert heard.case.text == first.case.text
    (receipt,) = await town.to("eve")
    assert "eclairage" not in receipt.text


@pytest.mark.parametrize("how", ["number", "token", "reference"])
async def test_a_reply_to_a_closed_case_opens_it_again(town, how):
    first = await town.hear("ana", "Le lampadaire est éteint", id="<1@x>")
    await _act(town, first.case, "close", text="Ampoule changée.")
    closed = await town.store.case_by_id(first.case.id)
    more = replace(closed, version=closed.version + 1, status=Status.CLOSED)
    await write(town.store, Unit((), cases=(CaseWrite(more, closed.version),)))
    token = town.signer.sign(REPLY, closed.number, closed.reporters[0].address.key)
    said = {
        "number": {"text": f"toujours éteint, demande {printed(closed.number)}"},
        "token": {"text": "toujours éteint", "tokens": [token]},
        "reference": {"text": "toujours éteint", "refs": ["<1@x>"]},
    }[how]
    again = await town.hear("ana", **said)
    assert (again.action, again.case.id) == (Action.APPEND, closed.id)
    assert again.case.status is Status.ASSIGNED
    assert any("toujours éteint" in each.text for each in await forwards(town, closed.owner))


async def test_a_reference_to_an_earlier_message_joins(town):
    first = await town.hear("ana", "Le lampadaire est éteint", id="<1@x>")
    again = await town.hear("ana", "La poubelle aussi", refs=["<unknown@x>", "<1@x>"])
    assert again.case.id == first.case.id


async def test_another_subject_of_the_same_person_is_another_case(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    other = await town.hear("ana", "La poubelle déborde")
    assert other.action is Action.CREATE
    assert other.case.id != first.case.id


async def test_a_follow_up_joins_unless_it_names_another_place(town):
    first = await town.hear("ana", "Le lampadaire rue Scribe est éteint")
    assert (await town.hear("ana", "toujours rien")).case.id == first.case.id
    elsewhere = await town.hear("ana", "toujours un lampadaire éteint rue Voltaire")
    assert elsewhere.case.id != first.case.id


async def test_an_album_is_one_request_with_one_receipt(town):
    first = await town.hear("ana", "Le lampadaire est éteint", album="a1")
    late = await town.hear("ana", "photo", album="a1")
    assert late.case.id == first.case.id
    assert len(await town.to("ana")) == 1


async def test_thanks_reopen_nothing_but_a_complaint_does(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    await _answer(town, first.case, "Réparé.")
    thanked = await town.hear("ana", f"merci {printed(first.case.number)}")
    assert thanked.case.status is Status.ANSWERED
    again = await town.hear("ana", f"toujours éteint {printed(first.case.number)}")
    assert again.case.status is Status.ASSIGNED


async def test_a_correction_is_appended_and_overwrites_nothing(town):
    first = await town.hear("ana", "Le lampadaire est éteint", id="m1")
    edited = await town.hear("ana", "Le lampadaire clignote", kind="edit", edited="m1")
    assert edited.case.id == first.case.id
    assert "éteint" in edited.case.text
    assert "clignote" in edited.case.text


async def test_a_correction_or_a_reply_in_the_same_batch_finds_its_message(town):
    first = town.envelope("ana", "Le lampadaire rue Scribe est éteint", id="first")
    edited = town.envelope("ana", "Le lampadaire rue Racine", kind="edit", edited="first")
    reply = town.envelope("ana", "La poubelle aussi déborde", refs=["first"])
    await town.store.accept([first, edited, reply])
    await town.router.run_once()
    [case] = await town.store.cases(CaseFilter())
    for words in ("rue Scribe", "rue Racine", "La poubelle"):
        assert words in case.text


async def test_a_correction_that_comes_before_its_message_is_one_case(town):
    edited = await town.hear("ana", "Le lampadaire clignote", kind="edit", edited="first")
    first = await town.hear("ana", "La poubelle déborde", id="first")
    assert first.case.id == edited.case.id
    assert "poubelle" in first.case.text


async def test_a_correction_read_together_with_the_message_after_it_is_one_case(town):
    edited = town.envelope("ana", "Le lampadaire clignote", kind="edit", edited="first")
    first = town.envelope("ana", "La poubelle déborde", id="first")
    await town.store.accept([edited, first])
    await town.router.run_once()
    [case] = await town.store.cases(CaseFilter())
    assert "clignote" in case.text
    assert "poubelle" in case.text


# --- machines, opt-outs, the unreadable -----------------------------------------------------------


async def test_automatic_mail_is_never_answered_and_opens_nothing(town):
    heard = await town.hear("robot", "Je suis absent", automatic="Auto-Submitted")
    assert (heard.action, heard.case) == (Action.IGNORE, None)
    assert await town.waiting() == []


async def test_two_routers_facing_each_other_stop_after_one_answer(town):
    said = "La poubelle déborde"
    for _ in range(6):
        heard = await town.hear("mirror", said)
        said = heard.reply.text if heard.reply else said
    assert len(await town.to("mirror")) == 1
    # nothing is lost: an agent finds on the case what came back
    assert heard.case is not None
    assert said in heard.case.text


@pytest.mark.parametrize("said", ["La poubelle déborde", "Ça sent le gaz", "où est mon colis"])
async def test_two_counters_facing_each_other_with_texts_of_supervisors_stop_after_one_answer(
    town, said
):
    town.rules.known = {
        "acknowledgement": "La Ville a bien noté ceci sous {numero}. Patience, {service} regarde.",
        "appended": "La Ville l'a mis avec {numero}. Merci bien de cette précision-là.",
        "gaz": "Sortez d'ici. Appelez vite le 18, sans rien toucher ni allumer.",
        "ailleurs": "Pour cela voyez plutôt La Poste, au 3631 : nous n'y pouvons rien ici.",
    }
    for _ in range(6):
        for counter in ("mirror", "other"):
            heard = await town.hear(counter, said)
            said = heard.reply.text if heard.reply else said
    assert len(await town.to("mirror")) == 1
    assert await town.to("other") == []
    # a person's words beside them make a message
    heard = await town.hear("ana", f"{said}\nMais ça déborde encore")
    assert heard.reply is not None


async def test_who_writes_or_sends_a_photo_under_our_own_words_is_answered(town):
    ours = text(TextId.REDIRECT, "fr", service="Voirie", contact="02 40 41 90 00").text
    danger = await town.hear("ana", f"{ours}\nIl y a une odeur de gaz")
    assert danger.reply is not None
    assert "112" in danger.reply.text
    photo = await town.hear("luc", ours, photos=1)
    assert photo.reply is not None


async def test_a_robot_in_its_own_words_is_answered_up_to_the_budget(town):
    for _ in range(town.policy.automatic_per_day + 15):
        await town.hear("mirror", "La poubelle déborde, nous avons bien reçu votre message")
    assert len(await town.to("mirror")) == town.policy.automatic_per_day


async def test_whoever_said_stop_is_not_written_to_any_more(town):
    heard = await town.hear("ana", kind="stop", confirmed=True)
    assert heard.action is Action.OPT_OUT
    heard = await town.hear("ana", "Le lampadaire est éteint")
    assert heard.case is not None
    assert await town.to("ana") == []


async def test_an_empty_message_gets_a_help_text_and_no_case(town):
    heard = await town.hear("ana", "  ")
    assert (heard.action, heard.case) == (Action.IGNORE, None)
    (reply,) = await town.to("ana")
    assert reply.kind is DeliveryKind.HELP


async def test_the_help_word_is_answered(town):
    await town.hear("ana", kind="help")
    assert len(await town.to("ana")) == 1


@pytest.mark.parametrize("kind", ["bad", "crash"])
async def test_what_cannot_be_read_is_kept_and_the_next_one_is_served(town, kind):
    await town.store.accept(
        [town.envelope("ana", kind=kind), town.envelope("ana", "Le lampadaire est éteint")]
    )
    await town.router.run_once()
    lines = await town.store.journal()
    assert {line.action for line in lines} == {Action.QUARANTINE, Action.CREATE}


@pytest.mark.parametrize("place", range(3))
@pytest.mark.parametrize("hangs_in", ["channel", "understanding"])
async def test_a_message_whose_reading_never_ends_is_kept_and_all_others_are_served(
    town, monkeypatch, place, hangs_in
):
    end = threading.Event()
    if hangs_in == "channel":
        reader, name = town.router.readers["memory", "town"], "receive"
    else:
        reader, name = town.router.understands, "understand"
    good = getattr(type(reader), name)

    def hang(self, what, *more):
        if "sans fin" in str(getattr(what, "payload", getattr(what, "text", ""))):
            end.wait()
        return good(self, what, *more)

    monkeypatch.setattr(type(reader), name, hang)
    town.router = replace(town.router, policy=replace(town.policy, reading_s=0.2))
    said = ["Le lampadaire est éteint", "La poubelle déborde"]
    said.insert(place, "un texte sans fin")
    await town.store.accept([town.envelope(f"p{n}", text) for n, text in enumerate(said)])
    assert await town.router.run_once() == 3
    lines = await town.store.journal()
    assert [line.action for line in lines].count(Action.CREATE) == 2
    [kept] = await town.store.journal(action=Action.QUARANTINE)
    assert "n'a pas pu être lu" in kept.reason
    [error] = town.errors
    assert isinstance(error, TimeoutError)
    end.set()
    assert (await town.hear("eve", "Le lampadaire est éteint")).case is not None


async def test_a_defect_in_one_conversation_does_not_hold_up_the_others(town, monkeypatch):
    good = town.rules.decide

    def decide(facts, reading=None):
        if "piège" in facts.text:
            raise RuntimeError("a defect in a rule")
        return good(facts)

    monkeypatch.setattr(town.rules, "decide", decide)
    await town.store.accept(
        [town.envelope("eve", "un piège"), town.envelope("ana", "Le lampadaire est éteint")]
    )
    await town.router.run_once()
    assert [case.owner for case in await town.store.cases(CaseFilter())] == ["eclairage"]
    assert len(town.errors) == 1
    for _ in range(town.policy.most_tries):
        town.clock.pass_(seconds=10)
        await town.router.run_once()
    town.clock.pass_(seconds=10)
    await town.router.run_once()
    assert len(await town.store.journal(action=Action.QUARANTINE)) == 1


# --- services ---------------------------------------------------------------------------------------


async def _answer(town, case, text):
    token = town.signer.sign(PARTNER, case.number, case.owner)
    return await town.hear(f"{case.owner}@services.example", text, tokens=[token])


async def _act(town, case, act, **said):
    token = town.signer.sign(PARTNER, case.number, case.owner)
    return await town.hear("web", kind="act", token=token, act=act, **said)


async def test_a_service_s_plain_reply_reaches_the_person_on_his_own_channel(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    heard = await _answer(town, first.case, "Réparé ce matin.")
    assert heard.action is Action.PARTNER
    assert heard.case.status is Status.ANSWERED
    answer = (await town.to("ana"))[-1]
    assert answer.kind is DeliveryKind.ANSWER
    assert "Réparé ce matin." in answer.text
    assert not answer.automatic


async def test_only_the_owner_s_words_go_to_the_person(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    token = town.signer.sign(PARTNER, first.case.number, "proprete")
    heard = await town.hear("proprete@services.example", "Pas pour nous", tokens=[token])
    assert heard.case.status is Status.ASSIGNED
    assert len(await town.to("ana")) == 1


async def test_a_service_accepts_and_closes_by_links(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    accepted = await _act(town, first.case, "accept")
    assert accepted.case.status is Status.ACCEPTED
    closed = await _act(town, first.case, "close", text="Ampoule changée.")
    assert closed.case.status is Status.RESOLVED
    kinds = [delivery.kind for delivery in await town.to("ana")]
    assert kinds == [DeliveryKind.ACKNOWLEDGEMENT, DeliveryKind.PROGRESS, DeliveryKind.ANSWER]


async def test_a_refusal_moves_the_case_to_the_next_owner_and_the_person_is_told(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    moved = await _act(town, first.case, "refuse", reason="pas à nous")
    assert moved.case.owner == "guichet-metropole"
    assert moved.case.refused_by == ("eclairage",)
    assert len(await town.to("guichet-metropole@services.example")) == 1
    assert "guichet-metropole" in (await town.to("ana"))[-1].text
    late = await _act(town, first.case, "close", text="trop tard")
    assert late.case.status is Status.ASSIGNED


async def test_a_forged_link_does_nothing(town):
    await town.hear("ana", "Le lampadaire est éteint")
    heard = await town.hear("web", kind="act", token="p.x.y.k.z", act="close")
    assert (heard.action, heard.case) == (Action.IGNORE, None)


async def test_a_started_case_keeps_its_owner_when_more_is_written(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    await _act(town, first.case, "accept")
    again = await town.hear("ana", f"poubelle {printed(first.case.number)}")
    assert again.case.owner == "eclairage"


async def test_a_deadline_that_passes_is_told_to_the_service_and_the_desk(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    assert await town.clockwork.run_once() == 0
    town.clock.pass_(days=5, seconds=1)
    assert await town.clockwork.run_once() == 1
    alerts = [d for d in await town.waiting() if d.kind is DeliveryKind.ALERT]
    assert {d.service for d in alerts} == {"eclairage", "guichet-metropole"}
    assert "en-retard" in (await town.store.case_by_id(first.case.id)).labels
    assert await town.clockwork.run_once() == 0


async def test_the_deadline_of_an_ended_case_is_dead(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    await _act(town, first.case, "close", text="fait")
    town.clock.pass_(days=6)
    await town.clockwork.run_once()
    assert not [d for d in await town.waiting() if d.kind is DeliveryKind.ALERT]


async def test_every_case_tells_why_it_went_where_it_went(town):
    first = await town.hear("ana", "Le lampadaire est éteint")
    events = await town.store.events(first.case.id)
    (decided,) = [event for event in events if event.kind is EventKind.DECIDED]
    said = json.loads(decided.data)
    assert (said["owner"], said["ruleset"]) == ("eclairage", "rules-1")
    assert said["trace"] == {"words": ["eclairage"]}


async def test_who_answers_on_one_part_is_found_there_by_the_next_one(town):
    whole = (await town.hear("ana", "Le lampadaire et la poubelle")).case
    lighting, cleaning = await town.store.children(whole.id)
    await _answer(town, lighting, "C'est réparé.")
    token = (await town.to("ana"))[-1].reply_token
    await town.hear("ana", "Toujours pas de lampadaire", id="latest", tokens=[token])
    lighting = await town.store.case_by_id(lighting.id)
    assert "Toujours" in lighting.text
    await _answer(town, cleaning, "C'est vidé.")
    assert (await town.to("ana"))[-1].refs[-1] == "latest"


@pytest.mark.parametrize("known", [False, True])
async def test_a_doubtful_message_is_to_be_verified_whether_it_opens_a_case_or_joins_one(
    town, known
):
    if known:
        await town.hear("ana", "Le lampadaire est éteint")
    said = "toujours éteint" if known else "Le lampadaire est éteint"
    case = (await town.hear("ana", said, trust="failed", doubts=["adresse usurpée"])).case
    assert case.labels.count("a-verifier") == 1
    notes = [e.text for e in await town.store.events(case.id) if "adresse usurpée" in e.text]
    assert notes == ["À vérifier : adresse usurpée"]
    again = (await town.hear("ana", "toujours", trust="failed", doubts=["encore"])).case
    assert (again.id, again.labels.count("a-verifier")) == (case.id, 1)


async def test_what_its_channel_could_not_read_whole_is_to_be_verified(town):
    case = (await town.hear("ana", "Le lampadaire est éteint", doubts=["non lu"])).case
    assert "a-verifier" in case.labels
    assert len(await town.to("ana")) == 1


async def test_a_third_party_who_corrects_his_message_adds_nothing_in_the_reporter_s_name(town):
    case = (await town.hear("ana", "Le lampadaire est éteint")).case
    await town.hear("zoe", f"pour la demande {printed(case.number)}", id="z1")
    edited = await town.hear("zoe", "Laissez tomber", kind="edit", edited="z1")
    assert edited.case.id == case.id
    assert edited.case.text == "Le lampadaire est éteint"


async def test_a_danger_told_in_a_correction_is_acted_on_and_answered(town):
    await town.hear("ana", "Il y a une odeur devant le lampadaire", id="m1")
    edited = await town.hear("ana", "Il y a une odeur de gaz", kind="edit", edited="m1")
    assert (edited.case.owner, edited.case.urgency) == ("astreinte", Urgency.IMMEDIATE)
    assert "Appelez le 18" in (await town.to("ana"))[-1].text


async def forwards(town, service):
    return [d for d in await town.waiting() if d.service == service]


@pytest.mark.parametrize("kind", ["message", "edit"])
@pytest.mark.parametrize("person", ["ana", "zoe"])
async def test_a_danger_told_on_a_case_that_cannot_carry_it_reaches_who_acts_on_dangers(
    town, person, kind
):
    """Another's words are no part of a case, and a case in parts is no service's own."""
    said = "Le lampadaire et la poubelle" if person == "ana" else "Le lampadaire rue Scribe"
    known = (await town.hear("ana", said, id="m1")).case
    number = printed(known.number)
    if kind == "edit":
        await town.hear(person, f"pour la demande {number}", id="m2")
        more = {"kind": "edit", "edited": "m2"}
    else:
        more = {}
    heard = await town.hear(person, f"Il y a une odeur de gaz, demande {number}", **more)
    assert (heard.case.owner, heard.case.urgency) == ("astreinte", Urgency.IMMEDIATE)
    assert heard.case.id != known.id
    assert heard.reply.text.startswith("Appelez le 18")
    told = [(each.kind, each.case_id) for each in await forwards(town, "astreinte")]
    assert told == [(DeliveryKind.FORWARD, heard.case.id), (DeliveryKind.NOTICE, known.id)]
    kept = await town.store.case_by_id(known.id)
    assert kept.owner == known.owner
    assert "astreinte" in kept.watchers
    assert any("gaz" in each.text for each in await forwards(town, known.owner))
    notes = [each.text for each in await town.store.events(known.id)]
    assert any(printed(heard.case.number) in note for note in notes)


async def test_who_tells_a_danger_on_another_s_case_learns_no_more_of_its_place(town):
    known = (await town.hear("ana", "Le lampadaire 3 bis rue Scribe")).case
    heard = await town.hear("zoe", f"odeur de gaz, demande {printed(known.number)}")
    assert (heard.case.place.street, heard.case.place.text) == (known.place.street, "")


async def test_a_danger_told_at_the_end_of_a_case_full_of_words_is_read(town):
    known = (await town.hear("ana", "Le lampadaire " + "encore " * 3000, id="m1")).case
    heard = await town.hear("ana", "odeur de gaz", refs=["m1"])
    assert heard.case.id != known.id
    assert heard.case.owner == "astreinte"


async def test_a_danger_told_again_is_added_to_the_case_of_who_acts_on_it(town):
    known = (await town.hear("ana", "odeur de gaz rue Scribe")).case
    again = await town.hear("zoe", f"odeur de gaz, demande {printed(known.number)}")
    assert again.case.id == known.id
    lamp = (await town.hear("luc", "Le lampadaire rue Scribe")).case
    await town.hear("zoe", f"pour la demande {printed(lamp.number)}", id="z1")
    first = await town.hear("zoe", "odeur de gaz", kind="edit", edited="z1")
    second = await town.hear("zoe", "forte odeur de gaz", kind="edit", edited="z1")
    assert lamp.id != first.case.id == second.case.id
