"""Cold prefills by transformers (eager attention) beside those of the worker, in one run.

    pip install torch==2.7.1 transformers
    mvn -pl compute-worker -am test-compile
    python prefill_speed.py MODEL TOKENS CHUNK JAVA...

JAVA is the command up to the class name: `java -Dai.djl.offline=true -cp ...`. Both use the type of
the weights and as many threads as OMP_NUM_THREADS says, or one per core. Their rounds take turns, so
that both see the same machine, each turn in a process of its own: threads of OpenMP that spin after
their work would hold cores that the other needs.
"""

import multiprocessing
import os
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor

import torch
from transformers import AutoModelForCausalLM

TURNS = 3
ROUNDS = 4  # of a turn; the first warms up
MAIN = "io.membrane.worker.prefill.PrefillSpeed"


def transformers_ms(path, count):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(transformers_turn, path, count).result()


def transformers_turn(path, count):
    """Milliseconds of the rounds after the first; the model's type goes with them."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype="auto", attn_implementation="eager").eval()
    tokens = torch.randint(0, model.config.vocab_size, (1, count))
    rounds = []
    with torch.inference_mode():
        for _ in range(ROUNDS):
            start = time.perf_counter()
            model(tokens, use_cache=True, logits_to_keep=1)
            rounds.append((time.perf_counter() - start) * 1e3)
    return rounds[1:], str(model.dtype)


def worker_ms(java, path, count, chunk):
    command = [*java, MAIN, path, str(count), str(chunk)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rounds = [float(ms) for ms in re.findall(r"cold ([0-9.]+) ms", out)]
    return rounds[1:]


def main():
    path, count, chunk, java = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    threads = os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    theirs, ours = [], []
    for _ in range(TURNS):
        rounds, dtype = transformers_ms(path, count)
        theirs += rounds
        ours += worker_ms(java, path, count, chunk)
    for name, ms in (("transformers", theirs), ("worker", ours)):
        print(f"{name:13} min {min(ms):9.1f}  median {statistics.median(ms):9.1f}  max {max(ms):9.1f} ms")
    print(f"{count} tokens, {dtype}, {threads} threads: worker / transformers "
          f"{statistics.median(ours) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    main()
