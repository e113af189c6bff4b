# SPDX-License-Identifier: MIT
"""exam.py - what a right kernel prints in the exam of lab 12

WHAT    model(seed, twists) gives the lines of exam.c. It knows only the rules
        of LAB.md: who waits stands in a list, who is owed a reply stands in a
        table.

TERMS   puppet   a thread of the exam, by its number
        owed     owed[server] = client: the server owes the client a reply
"""
from draws import random_numbers

PUPPETS = 6
STEPS = 400
ROUND = 80
PRIORITIES = [2, 1, 3, 1, 2, 3]
OPS = ["send"] * 2 + ["call"] * 3 + ["receive"] * 3 + ["reply"] * 2 + \
    ["signal", "kill"]

ESRCH, EINTR, EAGAIN, EPIPE = 3, 4, 11, 32
EXTRAS = 1 << 30
NOTIFICATION = 1 << 29 | 4 << 26


class Puppet:
    def __init__(self, number):
        self.number = number
        self.waits = ""         # "", "send", "receive" or "reply"
        self.calls = False
        self.label = 0
        self.result = 0
        self.words = (0, 0)     # EBX and EBP
        self.parcel = None      # the number of its sender

    def ends(self, result):
        self.waits = ""
        self.result = result

    def gets(self, words, parcel, label):
        """A message, or a reply."""
        self.words = words
        self.parcel = parcel
        self.ends(label | (EXTRAS if parcel is not None else 0))

    def __str__(self):
        if self.waits:
            return "-"
        parcel = "-" if self.parcel is None else self.parcel
        return f"{self.result}:{self.words[0]}:{self.words[1]}:{parcel}"


def pick(queue, policy):
    """Take one puppet out of a list of those that wait, the oldest first."""
    keys = {"oldest": lambda p: 0,
            "youngest": lambda p: -queue.index(p),
            "priority": lambda p: -PRIORITIES[p.number],
            "callers": lambda p: not p.calls}
    best = min(queue, key=keys[policy])    # the first one of equals
    queue.remove(best)
    return best


class Machine:
    def __init__(self, twists):
        self.twists = twists
        self.puppets = [Puppet(i) for i in range(PUPPETS)]
        self.senders, self.receivers = [], []
        self.owed = {}
        self.bits = 0

    # ---- one operation -------------------------------------------------------

    def meet(self, sender, receiver):
        receiver.gets(sender.words, sender.parcel, sender.label)
        sender.parcel = None
        if sender.calls:
            sender.waits = "reply"
            self.owed[receiver] = sender
        else:
            sender.ends(0)

    def send(self, p, nonblock):
        if self.receivers:
            self.meet(p, pick(self.receivers, self.twists["receiver"]))
        elif nonblock:
            p.ends(-EAGAIN)
        else:
            p.waits = "send"
            self.senders.append(p)

    def receive(self, p, nonblock):
        self.fail_debt(p)
        p.parcel = None
        if self.bits:
            p.gets((self.bits, 0), None, NOTIFICATION)
            self.bits = 0
        elif self.senders:
            self.meet(pick(self.senders, self.twists["sender"]), p)
        elif nonblock:
            p.ends(-EAGAIN)
        else:
            p.waits = "receive"
            self.receivers.append(p)

    def reply(self, p, debtor):
        client = self.owed.pop(debtor, None)
        if not client:
            p.ends(-ESRCH)
            return
        client.gets(p.words, p.parcel, 0)
        p.parcel = None
        p.ends(0)

    def fail_debt(self, p):
        client = self.owed.pop(p, None)
        if client:
            client.ends(-EPIPE)

    def signal(self, bit):
        if self.receivers:
            self.receivers.pop(0).gets((bit, 0), None, NOTIFICATION)
        else:
            self.bits |= bit

    def kill(self, p):
        if not p.waits:
            return
        for queue in (self.senders, self.receivers):
            if p in queue:
                queue.remove(p)
        self.owed = {s: c for s, c in self.owed.items() if c is not p}
        p.ends(-EINTR)
        self.fail_debt(p)

    def end(self):
        for p in self.senders + self.receivers:
            p.ends(-EPIPE)
        self.senders, self.receivers = [], []

    # ---- one step ------------------------------------------------------------

    def from_(self, who):
        """All puppets, this one first."""
        return self.puppets[who:] + self.puppets[:who]

    def message(self, op, p, n, flag, argument):
        debtors = [d for d in self.from_(p.number) if d in self.owed]
        p.label, p.calls = n, op == "call"
        p.words = (n * 16, n * 16 + 5)
        p.parcel = p.number if argument < 8 else None
        if op == "reply":
            self.reply(p, debtors[0] if flag and debtors else p)
        elif op == "receive":
            self.receive(p, flag == 0)
        else:
            self.send(p, flag == 0)

    def step(self, draw):
        op, who = OPS[draw(len(OPS))], draw(PUPPETS)
        n, flag, argument = 1 + draw(1000), draw(4), draw(32)
        free = [p for p in self.from_(who) if not p.waits]
        if op in ("send", "call", "receive", "reply") and not free:
            op = "kill"
        if op == "signal":
            self.signal(1 << argument)
        elif op == "kill":
            self.kill(self.puppets[who])
        else:
            who = free[0].number
            self.message(op, free[0], n, flag, argument)
        return op, who

    def line(self, step, op, who):
        queues = [",".join(str(p.number) for p in queue) or "-"
                  for queue in (self.senders, self.receivers)]
        return "\t".join(["exam", str(step), op, str(who),
                          *map(str, self.puppets), *queues, f"{self.bits:x}"])


def model(seed, twists):
    """The lines of the exam. twists: {"sender": ..., "receiver": ...}."""
    draw, machine, lines = random_numbers(seed), Machine(twists), []
    for step in range(1, STEPS + 1):
        op, who = machine.step(draw)
        lines.append(machine.line(step, op, who))
        if step % ROUND == 0:
            machine.end()
            lines.append(machine.line(step, "end", 0))
    return lines
