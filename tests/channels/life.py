"""A whole life of concerns in the core, another planted word in each place where anybody can type."""

from __future__ import annotations

from bot import Delivered, Failed, Form, Message, Reply, Words, casecards
from tests.channels.planted import PLANTED, found_in
from tests.core.casework import ANSWERS, CONTACT, NUDES, act
from tests.core.conftest import School
from tests.core.handed import code_and_passphrase, forget, take

P = PLANTED
_TYPED = ("happened", "said", "where", "known", "done", "told")
_DECIDED = CONTACT | {"images": "yes", "level": "violent", "routes": "a,b,c,d", "exclusion": "no", "d-agency": "police"}


def provable(channel):
    """This channel, with a way that is proved each morning, and fails."""

    class Provable(channel):
        async def prove(self, parts, receipt):
            self.proved.append(parts)
            return Failed("no answer") if self.name == "web" else Delivered("stands")

    made = {name: Provable(name) for name in ("web", "console")}
    for one in made.values():
        one.proved = []
    made["web"].places["dsl"] |= {"web:second"}
    return tuple(made.values())


class Life(School):
    """A school that remembers every reply, and to whom."""

    def __init__(self, *how):
        super().__init__(*how)
        self.replies: list[tuple[str, Reply]] = []
        self.refs: dict[str, str] = {}
        self.secrets: dict[str, str] = {}

    async def hear(self, who=None, **what):
        reply = await super().hear(who, **what)
        self.replies.append(((who or self.person()).id.partition(":")[2], reply))
        return reply

    async def pass_time(self, times=1, **by):
        for _ in range(times):
            self.clock.forward(**by)
            await self.ring()

    async def on(self, name, ref, by="dsl", **values):
        """An act that must be done: what was typed is entered, or this fails."""
        reply = await act(self, name, ref, by, **values)
        assert not [f for part in reply.parts if isinstance(part, Form) for f in part.fields if f.error], (name, reply)
        await self.ring()
        return reply

    def typed(self, child, words, **more):
        return {"child-1": P[child], **dict.fromkeys(_TYPED, P[words]), **more}

    # ---- chapters

    async def live(self):
        """All of it, but for forgetting."""
        await self.before_it_is_sent()
        await self.nobody_answers()
        await self.it_is_worked()
        await self.some_are_kept_from_people()
        await self.mornings()
        await self.replies_wait()
        await self.found_and_handed_over()

    async def before_it_is_sent(self):
        await self.hear(self.person("visitor", staff=False), words=Words(P["outsider"]))
        await self.say(f"what is {P['question']} banter")
        await self.hear(words=Words(P["question"]), place="shared")
        reply = await self.press("triage")
        await self.say(P["triage"])
        assert reply.parts
        other = self.person("other")
        await self.check(who=other, **self.typed("draft", "draft", now="yes"))
        await self.ring()
        await self.pass_time(3, minutes=2)

    async def nobody_answers(self):
        self.refs["one"] = await self.log(who=self.person(), **self.typed("child", "words", now="yes"))
        await self.pass_time(4, minutes=30)
        id_ = self.id(self.refs["one"])
        await self.press(f"ack:{id_}", self.person("dsl"))
        await self.pass_time(4, hours=18)
        assert P["words"] in self.text(await self.press(f"open:{id_}", self.person("dsl")))
        await self.fill(f"add:{id_}", {"text": P["added"]})
        await self.ring()

    async def it_is_worked(self):
        ref, id_ = self.refs["one"], self.id(self.refs["one"])
        self.refs["linked"] = await self.log(who=self.person("fourth"), **self.typed("linked child", "words"))
        await self.ring()
        await self.press(f"ack:{self.id(self.refs['linked'])}", self.person("dsl"))
        await self.on("note", ref, text=P["note"])
        await self.on("message", ref, text=P["message"])
        await self.press(f"read:{id_}")
        await self.fill(f"reply:{id_}", {"text": P["answer"]})
        await self.on("assign", ref, who="deputy-1")
        for _ in range(2):
            await self.on("action", ref, text=P["action"], due=f"{self.clock.now():%Y-%m-%d}")
        done = next(
            c for c in self.choices(await self.press(f"open:{id_}", self.person("dsl"))) if c.id.startswith("done:")
        )
        await self.fill(
            self.form(await self.press(done.id, self.person("dsl"))).id, {"text": P["done"]}, self.person("dsl")
        )
        await self.on("link", ref, reference=self.refs["linked"], text=P["link"])
        await self.on("escalate", ref, text=P["escalated"])
        await self.press(f"ack:{id_}", self.person("dsl"))
        await self.decides(ref)
        await self.pass_time(2, days=1)
        for choice in ("chronology", "more"):
            await self.press(f"{choice}:{id_}", self.person("dsl"))

    async def decides(self, ref, **more):
        """Every page that there is, the planted word in every line of it."""
        dsl, given = self.person("dsl"), ANSWERS | NUDES | _DECIDED | more
        reply, pages = await self.press(f"decide:{self.id(ref)}", dsl), set()
        while forms := [part for part in reply.parts if isinstance(part, Form)]:
            (form,) = forms
            assert not [(f.key, f.error) for f in form.fields if f.error], form.id
            usual = {"date": "2026-03-02", "time": "09:45", "one_of": "unknown"}
            values = {
                f.key: P["decision"]
                if f.kind in {"line", "text"}
                else given.get(f.key) or (f.options[0].key if f.options else usual[f.kind])
                for f in form.fields
            }
            pages.add(form.id.split(":")[2])
            reply = await self.fill(form.id, values, dsl)
        assert len(pages) >= 11, pages
        await self.press(next(c.id for c in self.choices(reply) if ":save:" in c.id), dsl)
        await self.ring()
        assert self.entries(ref)[-1] == "decided"

    async def some_are_kept_from_people(self):
        """One kept to named people, one about a member of the team: and all that others can press on them."""
        kept = self.refs["kept"] = await self.log(who=self.person("third"), **self.typed("kept child", "kept words"))
        await self.ring()
        await self.press(f"ack:{self.id(kept)}", self.person("dsl"))
        await self.on("restrict", kept, text=P["kept why"], who="deputy-1")
        walled = self.refs["walled"] = await self.log(
            "safeguarding",
            self.person("third"),
            **self.typed("walled adult", "walled words", member="deputy-1", adult=P["walled adult"]),
        )
        await self.ring()
        for ref, others in ((kept, ("second", "head", "visitor")), (walled, ("deputy-1", "second", "teacher"))):
            for who in others:
                for name in ("open", "ack", "decide", "more", "chronology", "note", "read", "handover", "forget"):
                    await self.press(f"{name}:{self.id(ref)}", self.person(who, staff=who != "visitor"))
                await self.press("list", self.person(who, staff=who != "visitor"))
                await self.fill("find", {"text": ref}, self.person(who, staff=who != "visitor"))
        assert P["walled words"] in self.text(await self.press(f"open:{self.id(walled)}", self.person("head")))
        await self.press(f"ack:{self.id(walled)}", self.person("head"))
        await self.pass_time(2, days=1)

    async def mornings(self):
        await self.bell.prove_due(self.clock.now())
        await self.ring()

    async def replies_wait(self):
        message = Message("owed", self.person(), words=Words(P["question"]), carried=False)
        reply = await self.desk.hear(message, self.clock.now())
        self.channels["web"].fail("the chat is down")
        await self.bell.answer(message, reply, self.clock.now())
        self.channels["web"].work()
        await self.pass_time(2, minutes=5)

    async def found_and_handed_over(self):
        ref, dsl = self.refs["one"], self.person("dsl")
        for text in (P["search"], P["child"]):
            await self.fill("find", {"text": text}, dsl)
        self.secrets = dict(zip(("code", "passphrase"), await code_and_passphrase(self, ref), strict=True))
        self.taken = await take(self, ref)
        review = dict.fromkeys(casecards.REVIEW, P["review"]) | {"fact_place": "toilets"}
        await self.on("close", ref, text=P["close"], **review)
        await self.on("reopen", ref, text=P["reopened"])
        await self.press(f"ack:{self.id(ref)}", dsl)
        await self.decides(ref, changed=P["decision"])
        await self.on("close", ref, text=P["close"], **review)
        await take(self, ref)  # what came since the first file
        await self.fill(f"handed:{self.id(ref)}", {"system": P["system"], "reference": P["there"]}, dsl)
        for one in (ref, self.refs["kept"]):
            await self.press(f"chronology:{self.id(one)}", dsl)
        await self.ring()

    async def forgets(self):
        await forget(self, self.refs["one"], text=P["stays"])
        assert await self.ledger.by_reference(self.refs["one"]) is None
        await self.ring()

    # ---- what must be refused without a word of it

    async def in_trouble(self):
        """Each kind of saving refused in the middle, and channels that break with all that was planted."""
        ref, dsl, fifth = self.refs["linked"], self.person("dsl"), self.person("fifth")
        checked = await self.check(who=fifth, **self.typed("child", "words"))
        for table in ("concerns", "chronology", "heard", "questions", "conversations"):
            for when in ("before insert", "before update")[: 2 if table == "concerns" else 1]:
                self.store.refuse(table, when)
                await self.press(self.id_of(checked, ".send"), fifth)
                await self.fill(f"note:{self.id(ref)}", {"text": P["note"]}, dsl)
                await self.say(P["question"], self.person("fourth"))
                await self.press("log", self.person("sixth"))
                await self.fill("find", {"text": P["search"]}, dsl)
                self.store.allow(table)
        everything = RuntimeError(" ".join(P.values()))
        for channel in self.channels.values():
            channel.break_with(everything)
        await self.log(who=self.person("seventh"), **self.typed("child", "words", now="yes"))
        await self.pass_time(2, minutes=1)
        for channel in self.channels.values():
            channel.work()
        await self.pass_time(1, minutes=15)

    @property
    def alerts(self):
        """Everything that was sent, by every channel, first and redrawn."""
        return [alert for channel in self.channels.values() for alert in channel.sent]

    @property
    def planted(self):
        """The words that were planted, and the secrets that were shown once."""
        return P | self.secrets

    def shows(self, parts):
        return found_in(self.text(parts), self.planted)
