"""Messages with broken bytes, for hypothesis."""

from collections.abc import Sequence

from hypothesis import strategies as st


@st.composite
def broken_bytes(
    draw: st.DrawFn, messages: st.SearchStrategy[bytes], hostile: Sequence[bytes]
) -> bytes:
    """One of the messages with bytes flipped, cut out, put in (hostile ones) or cut off."""
    message = bytearray(draw(messages))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, max(len(message) - 1, 0)))
        match draw(st.sampled_from(["flip", "cut", "insert", "truncate"])):
            case "flip" if message:
                message[place] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del message[place : place + draw(st.integers(1, 60))]
            case "insert":
                message[place:place] = draw(st.sampled_from(hostile))
            case _:
                del message[place:]
    return bytes(message)
