"""What the team does while the faults come: about twenty commands of two users and of the server's operator."""
from faults import line, run

# Made before the faults begin, by ann and bob in turn.
BEFORE = {
    "ann": [line("a0", "user.register", id="ann", name="Ann"),
            line("a1", "channel.create", id="general", name="General"),
            line("a2", "channel.create", id="secret", name="Secret", private=True),
            line("a3", "channel.create", id="frozen", name="Frozen"),
            line("a4", "channel.add_member", channel_id="general", user_id="bob"),
            line("a5", "channel.add_member", channel_id="secret", user_id="bob"),
            line("a6", "channel.add_member", channel_id="frozen", user_id="bob"),
            line("a7", "message.post", id="ma", channel_id="general", body="from ann"),
            line("a8", "message.post", id="ms", channel_id="secret", body="between us"),
            line("a9", "message.post", id="votes", channel_id="general", body="count me")],
    "bob": [line("b0", "user.register", id="bob", name="Bob"),
            line("b1", "message.post", id="mb", channel_id="general", body="from bob")],
}

# Executed offline on both devices, and sent while the faults come. What bob does in `secret` and `frozen` is rejected
# if ann was faster.
ANN = [line("c0", "message.post", id="c0", channel_id="general", body="the first"),
       line("c1", "message.post", id="c1", channel_id="general", body="a reply", thread_id="ma"),
       line("c2", "message.edit", id="ma", body="from ann, edited"),
       line("c3", "message.vote", id="votes", by=3),
       line("c4", "message.react", id="mb", emoji="anchor"),
       line("c5", "channel.remove_member", channel_id="secret", user_id="bob"),
       line("c6", "channel.lock", id="frozen"),
       line("c7", "message.delete", id="ms")]
BOB = [line("d0", "message.post", id="d0", channel_id="general", body="x" * 6000),
       line("d1", "message.vote", id="votes", by=5),
       line("d2", "message.post", id="d2", channel_id="frozen", body="too late"),
       line("d3", "message.post", id="d3", channel_id="secret", body="still there?"),
       line("d4", "message.edit", id="mb", body="from bob, edited"),
       line("d5", "message.react", id="ma", emoji="wave")]
OPERATOR = [line("e0", "message.vote", id="votes", by=7),
            line("e1", "message.post", id="e1", channel_id="general", body="from the operator"),
            line("e2", "channel.create", id="late", name="Late")]
BOB_AGAIN = [line("g0", "message.vote", id="votes", by=11),
             line("g1", "message.post", id="g1", channel_id="general", body="once more"),
             line("g2", "channel.mark_read", channel_id="general", message_id="ma"),
             line("g3", "channel.create", id="bobs", name="Bob's")]


def ids(*lists):
    """Of these commands and of those before."""
    return {command["id"] for commands in (*BEFORE.values(), *lists) for command in commands}


def before(team):
    """Both replicas, in sync."""
    run("workspace", "create", "team", "--data", team.data)
    team.serve()
    for user in ("ann", "bob"):
        team.init(user)
        team.sync(user)
        team.execute(user, BEFORE[user])
        team.sync(user)
    team.sync("ann")
