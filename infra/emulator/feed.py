"""Feeds the function `worker` with what the table's stream brings, as Lambda does on AWS: there is no such thing for
functions under cargo-lambda."""

import json
import threading

import front

PAUSE_SECONDS = 0.2


class Feed:
    """Reads the stream of a table in DynamoDB Local, and invokes the worker at the address `functions`."""

    def __init__(self, functions, table, streams):
        self._functions, self._streams = functions, streams
        self._stream = table["LatestStreamArn"]
        self._iterators = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        self._thread.join()

    def _run(self):
        seen = set()
        while not self._stopped.wait(PAUSE_SECONDS):
            shards = self._streams.describe_stream(StreamArn=self._stream)["StreamDescription"]["Shards"]
            for shard in shards:
                name = shard["ShardId"]
                if name not in seen:
                    seen.add(name)
                    self._iterators[name] = self._streams.get_shard_iterator(
                        StreamArn=self._stream, ShardId=name, ShardIteratorType="TRIM_HORIZON"
                    )["ShardIterator"]
            for name, iterator in list(self._iterators.items()):
                self._read(name, iterator)

    def _read(self, name, iterator):
        answer = self._streams.get_records(ShardIterator=iterator)
        records = [record for record in answer["Records"] if brings_fact(record)]
        if records and not self._work(records):
            # The same again, as Lambda would.
            return
        if "NextShardIterator" in answer:
            self._iterators[name] = answer["NextShardIterator"]
        else:
            del self._iterators[name]

    def _work(self, records):
        event = json.dumps({"Records": records}, default=as_text).encode()
        path = "/2015-03-31/functions/worker/invocations"
        status, _, payload = front.call(
            self._functions, "POST", path, {"Content-Type": "application/json"}, event
        )
        return status == 200 and json.loads(payload) == {"batchItemFailures": []}


def brings_fact(record):
    """What the filter of the event source in template.yaml lets through."""
    return record["eventName"] == "INSERT" and "fact" in record["dynamodb"].get("NewImage", {})


def as_text(value):
    return value.decode() if isinstance(value, bytes) else str(value)
