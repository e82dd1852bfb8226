"""Cold prefills by transformers (eager attention) beside those of the worker, in one run.

    pip install torch==2.7.1 transformers
    mvn -pl compute-worker -am test-compile
    python prefill_speed.py MODEL TOKENS CHUNK JAVA...

JAVA is the command up to the class name: `java -Dai.djl.offline=true -cp ...`. Both use the type of
the weights and as many threads as OMP_NUM_THREADS says, or one per core. Their rounds take turns, so
that both see the same machine.
"""

import os
import re
import statistics
import subprocess
import sys
import time

import torch
from transformers import AutoModelForCausalLM

TURNS = 3
MAIN = "io.membrane.worker.prefill.PrefillSpeed"


def transformers_ms(model, tokens):
    start = time.perf_counter()
    with torch.inference_mode():
        model(tokens, use_cache=True, logits_to_keep=1)
    return (time.perf_counter() - start) * 1e3


def worker_ms(java, path, count, chunk):
    command = [*java, MAIN, path, str(count), str(chunk)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rounds = [float(ms) for ms in re.findall(r"cold ([0-9.]+) ms", out)]
    return rounds[1:]


def main():
    path, count, chunk, java = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    threads = int(os.environ.get("OMP_NUM_THREADS", os.cpu_count() or 1))
    os.environ["OMP_NUM_THREADS"] = str(threads)
    torch.set_num_threads(threads)
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype="auto", attn_implementation="eager").eval()
    tokens = torch.randint(0, model.config.vocab_size, (1, count))
    transformers_ms(model, tokens)
    theirs, ours = [], []
    for _ in range(TURNS):
        theirs += [transformers_ms(model, tokens) for _ in range(3)]
        ours += worker_ms(java, path, count, chunk)
    for name, ms in (("transformers", theirs), ("worker", ours)):
        print(f"{name:13} min {min(ms):9.1f}  median {statistics.median(ms):9.1f}  max {max(ms):9.1f} ms")
    print(f"{count} tokens, {model.dtype}, {threads} threads: worker / transformers "
          f"{statistics.median(ours) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    main()
