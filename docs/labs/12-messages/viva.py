# SPDX-License-Identifier: MIT
"""viva.py (lab ipc) - inputs to ask about; the model of exam.py answers

WHAT     questions(rng, twists, exam) gives (exercise, question, answer). In a
         question FUNCTION is the name of the student's function.
"""


def draw(rng, exam):
    """A machine's puppets in a random order: some wait, one comes."""
    order = rng.sample(range(exam.PUPPETS), 4)
    return order[:3], order[3]


def priorities(waiting, exam):
    return ", ".join(f"{i} (priority {exam.PRIORITIES[i]})" for i in waiting)


def served_sender(rng, twists, exam):
    machine = exam.Machine(twists)
    waiting, comes = draw(rng, exam)
    calls = rng.sample(waiting, 2)
    for i in waiting:
        machine.puppets[i].calls = i in calls
        machine.send(machine.puppets[i], False)
    machine.receive(machine.puppets[comes], False)
    left = [p.number for p in machine.senders]
    served = next(i for i in waiting if i not in left)
    then = f"it waits for its reply: thread {comes} owes it" \
        if served in calls else "it runs again"
    return (4, "Three threads wait to send, in this order: "
            f"{priorities(waiting, exam)}. {' and '.join(map(str, calls))} "
            f"call, the other one only sends. Thread {comes} receives. Whom "
            "does FUNCTION serve? What does that thread do then, and who waits "
            "still?", f"thread {served}; {then}. The queue: "
            f"{', '.join(map(str, left))}.")


def served_receiver(rng, twists, exam):
    machine = exam.Machine(twists)
    waiting, comes = draw(rng, exam)
    for i in waiting:
        machine.receive(machine.puppets[i], False)
    machine.puppets[comes].calls = True
    machine.send(machine.puppets[comes], False)
    left = [p.number for p in machine.receivers]
    served = next(i for i in waiting if i not in left)
    return (2, "Three threads wait to receive, in this order: "
            f"{priorities(waiting, exam)}. Thread {comes} calls. Who gets the "
            "message in FUNCTION, who waits for what afterwards?",
            f"thread {served} gets it; {comes} waits for the reply of "
            f"{served}; {' and '.join(map(str, left))} wait to receive.")


def second_receive(rng, twists, exam):
    client, server = rng.sample(range(exam.PUPPETS), 2)
    machine = exam.Machine(twists)
    machine.puppets[client].calls = True
    machine.send(machine.puppets[client], False)
    machine.receive(machine.puppets[server], False)
    machine.receive(machine.puppets[server], False)
    return (4, f"Thread {client} has called, and thread {server} has received "
            f"the call. Now {server} receives again, without a reply. What "
            f"does the call of {client} return, and which line of FUNCTION "
            "does that?", f"{machine.puppets[client].result}, which is -EPIPE; the "
            "call of reply_slot_fail(), before everything else.")


def questions(rng, twists, exam):
    return [make(rng, twists, exam) for make in
            (served_sender, served_receiver, second_receive)]
