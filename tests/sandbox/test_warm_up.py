"""Warming a broker up."""

from pipeline.contract.create import create_topics
from pipeline.ops.topic_reader import TopicReader
from pipeline.sandbox.warm_up import RECORD, TOPICS, warm_up


async def test_it_commits_transactions_on_topics_of_its_own(broker: str, topic_prefix: str) -> None:
    prefix = f"{topic_prefix}warm-up."
    await create_topics(broker, TOPICS, topic_prefix=prefix)
    await warm_up(broker, topic_prefix=prefix, seconds=1.0)
    names = [topic.name for topic in TOPICS]
    reader = TopicReader(broker, names, topic_prefix=prefix, from_beginning=True)
    async with reader:
        records = await reader.poll(5_000)
    assert records
    assert {record.value for record in records} == {RECORD}
