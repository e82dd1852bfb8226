"""Cold prefills by transformers (eager attention) beside those of the worker, in one run.

    pip install torch==2.7.1 transformers
    mvn -pl compute-worker -am test-compile
    python prefill_speed.py [--device cuda] [--peak TFLOPS] MODEL TOKENS CHUNK JAVA...

With a GPU the worker takes it where its libtorch is one for CUDA, transformers by `--device cuda`.
`--peak` is what the device can do in the weights' type, for the model FLOP utilisation. JAVA is the command up to the class name: `java -Dai.djl.offline=true -cp ...`. Both use the type of
the weights and as many threads as OMP_NUM_THREADS says, or one per core. Their rounds take turns, so
that both see the same machine, each turn in a process of its own: threads of OpenMP that spin after
their work would hold cores that the other needs.
"""

import argparse
import multiprocessing
import os
import re
import statistics
import subprocess
import time
from concurrent.futures import ProcessPoolExecutor

import torch
from transformers import AutoModelForCausalLM

TURNS = 3
ROUNDS = 4  # of a turn; the first warms up
MAIN = "io.membrane.worker.prefill.PrefillSpeed"


def transformers_ms(path, count, device):
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as process:
        return process.submit(transformers_turn, path, count, device).result()


def transformers_turn(path, count, device):
    """Milliseconds of the rounds after the first, the model's type, operations of a round."""
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model = AutoModelForCausalLM.from_pretrained(
        path, dtype="auto", attn_implementation="eager").eval().to(device)
    tokens = torch.randint(0, model.config.vocab_size, (1, count), device=device)
    rounds = []
    with torch.inference_mode():
        for _ in range(ROUNDS):
            start = time.perf_counter()
            model(tokens, use_cache=True, logits_to_keep=1).logits.cpu()
            rounds.append((time.perf_counter() - start) * 1e3)
    return rounds[1:], str(model.dtype), operations(model, count)


def operations(model, count):
    """Multiplications and additions of a prefill: matrices of the layers, and causal attention."""
    weights = sum(p.numel() for name, p in model.named_parameters()
                  if p.dim() == 2 and ".layers." in name)
    config = model.config
    width = config.hidden_size // config.num_attention_heads
    width = getattr(config, "head_dim", None) or width
    attention = 2 * count * count * config.num_attention_heads * width * config.num_hidden_layers
    return 2 * weights * count + attention


def worker_ms(java, path, count, chunk):
    command = [*java, MAIN, path, str(count), str(chunk)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    rounds = [float(ms) for ms in re.findall(r"cold ([0-9.]+) ms", out)]
    return rounds[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("tokens", type=int)
    parser.add_argument("chunk", type=int)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--peak", type=float, help="TFLOP/s of the device in the weights' type")
    parser.add_argument("java", nargs=argparse.REMAINDER)
    given = parser.parse_args()
    threads = os.environ.setdefault("OMP_NUM_THREADS", str(os.cpu_count() or 1))
    theirs, ours = [], []
    for _ in range(TURNS):
        rounds, dtype, flop = transformers_ms(given.model, given.tokens, given.device)
        theirs += rounds
        ours += worker_ms(given.java, given.model, given.tokens, given.chunk)
    for name, ms in (("transformers", theirs), ("worker", ours)):
        median = statistics.median(ms)
        rate = flop / median / 1e9
        used = f", {100 * rate / given.peak:.1f} % of the peak" if given.peak else ""
        print(f"{name:13} min {min(ms):9.1f}  median {median:9.1f}  max {max(ms):9.1f} ms, "
              f"{rate:.3f} TFLOP/s{used}")
    print(f"{given.tokens} tokens, {dtype}, {given.device}, {threads} threads: "
          f"worker / transformers {statistics.median(ours) / statistics.median(theirs):.2f}")


if __name__ == "__main__":
    main()
