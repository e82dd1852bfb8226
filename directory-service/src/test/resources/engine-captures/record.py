"""Records what the publishers of KV events put on the wire.

    python -m venv venv && venv/bin/pip install msgspec==0.22.0 pyzmq==27.3.0 pydantic
    venv/bin/python record.py vllm 0.33.0 <source of vllm 0.33.0>/vllm/distributed/kv_events.py

The publisher is the project's own file, taken from its source distribution (vLLM) or wheel
(SGLang). What it imports of its project beside that is replaced by stand-ins: nothing of it shapes
the events. The events are this script's, no model ran. Written next to this script:

    <engine>-<version>.live.bin     messages of the PUB socket: topic, sequence, payload
    <engine>-<version>.replay.bin   messages of the ROUTER socket that answer "from 0", end marker
                                    included, as a DEALER receives them

A file is a run of messages: frame count (1 byte), then each frame as length (4 bytes, big-endian)
and bytes. Every recording tells the same story, as far as the version has words for it; see
`batches`.
"""

import hashlib
import importlib.util
import pathlib
import sys
import time
import types

import zmq

BLOCK = 4
WITH_BYTES = "bytes"


def load(path):
    """The publisher's module, without the rest of its project."""

    class Anything(types.ModuleType):
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            if name == "init_logger":
                import logging

                return logging.getLogger
            if name == "ExternalBlockHash":
                return bytes | int
            return type(name, (), {"__init__": lambda self, *a, **k: None})

    for name in (
        "vllm vllm.config vllm.config.kv_events vllm.logger vllm.utils vllm.utils.network_utils"
        " vllm.v1 vllm.v1.core vllm.v1.core.kv_cache_utils"
        " sglang sglang.srt sglang.srt.runtime_context sglang.srt.utils sglang.srt.utils.network"
    ).split():
        sys.modules[name] = Anything(name)
    spec = importlib.util.spec_from_file_location("publisher", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["publisher"] = module
    spec.loader.exec_module(module)
    return module


def digest(block):
    return hashlib.sha256(b"block %d" % block).digest()


def batches(engine, module, as_bytes):
    """The story: two prompts of one engine, an adapter, a salt, an offload, a clear."""

    def name(block):
        if block is None:
            return None
        if as_bytes:
            return digest(block)
        return int.from_bytes(digest(block)[-8:], "big", signed=engine == "sglang")

    fields = module.BlockStored.__struct_fields__

    def stored(blocks, parent, first_token, medium="GPU", size=BLOCK, **more):
        parts = {
            "block_hashes": [name(b) for b in blocks],
            "parent_block_hash": name(parent),
            "token_ids": list(range(first_token, first_token + len(blocks) * size)),
            "block_size": size,
            "lora_id": None,
        }
        parts.update({"medium": medium, "lora_name": None})
        parts.update(more)
        return module.BlockStored(**{k: v for k, v in parts.items() if k in fields})

    def removed(blocks, medium="GPU"):
        parts = {"block_hashes": [name(b) for b in blocks], "medium": medium}
        known = module.BlockRemoved.__struct_fields__
        return module.BlockRemoved(**{k: v for k, v in parts.items() if k in known})

    yield [stored([1, 2], None, 100)]
    yield [stored([3], 2, 108)]
    if "extra_keys" in fields:
        yield [
            stored([4], None, 200, lora_name="ada", extra_keys=[("ada", ("picture", 1))]),
            stored([5], None, 300, extra_keys=[("salt",)]),
        ]
    elif "cache_salt" in fields:
        yield [stored([5], None, 300, cache_salt="salt", session_id="s")]
    yield [removed([3])]
    if "medium" in fields:
        if engine == "vllm":
            yield [stored([1], None, 0, medium="CPU", size=0)]
        else:
            yield [stored([1], None, 100, medium="CPU_PINNED")]
    if "kv_cache_spec_kind" in fields:
        yield [
            stored([2], 1, 104, group_idx=1, kv_cache_spec_kind="mamba"),
            stored([1, 2], None, 100, group_idx=0, kv_cache_spec_kind="full_attention"),
        ]
    yield [module.AllBlocksCleared(), stored([6], None, 600)]


def write(path, messages):
    with open(path, "wb") as out:
        for frames in messages:
            out.write(bytes([len(frames)]))
            for frame in frames:
                out.write(len(frame).to_bytes(4, "big") + frame)


def main(engine, version, source, form=""):
    module = load(source)
    context = zmq.Context.instance()
    port = 25557
    publisher = module.ZmqEventPublisher(
        0, f"tcp://*:{port}", f"tcp://*:{port + 1}", topic="kv-events"
    )
    live = context.socket(zmq.SUB)
    live.subscribe(b"")
    live.connect(f"tcp://127.0.0.1:{port}")
    time.sleep(1)
    heard = []
    for number, events in enumerate(batches(engine, module, form == WITH_BYTES)):
        publisher.publish(module.KVEventBatch(ts=1.0 + number, events=events))
        heard.append(live.recv_multipart())
    replay = context.socket(zmq.DEALER)
    replay.connect(f"tcp://127.0.0.1:{port + 1}")
    replay.send_multipart([b"", (0).to_bytes(8, "big")])
    repeated = []
    while not repeated or repeated[-1][-2] != module.ZmqEventPublisher.END_SEQ:
        repeated.append(replay.recv_multipart())
    publisher.shutdown()
    base = pathlib.Path(__file__).parent / "-".join(filter(None, (engine, version, form)))
    write(f"{base}.live.bin", heard)
    write(f"{base}.replay.bin", repeated)
    print(base.name, len(heard), "batches,", len(repeated) - 1, "repeated")
    context.destroy(linger=0)


if __name__ == "__main__":
    main(*sys.argv[1:])
