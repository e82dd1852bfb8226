"""Makes the tiny models of src/test/resources/golden and what transformers computes with them.

    pip install torch==2.7.1 transformers==5.23.0
    python compute-worker/src/test/python/make_goldens.py [variant ...]

Per variant: a model directory, and beside it, raw and little-endian,
    tokens.i32   the prompt
    kv.f32       [attention layers][2: K, V][tokens][kv_heads][head_dim], K after RoPE
    state.f32    of hybrid models, [linear layers][[value_heads][key_dim][value_dim], then
                 [channels][kernel - 1]] behind the last token
    logits.f32   of the token after the prompt
    means.f32    [full blocks of 16 tokens][hidden], means of last_hidden_state
computed in float32 with eager attention. bf16 and f16 weights are widened to float32 first, so that
their goldens are what exact arithmetic on these weights gives.
"""

import json
import pathlib
import shutil
import sys

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    AutoModelForImageTextToText,
    AutoTokenizer,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    Mistral3Config,
    MistralConfig,
    PixtralVisionConfig,
    Qwen2_5_VLConfig,
    Qwen2Config,
    Qwen3_5Config,
    Qwen3_5TextConfig,
    Qwen3Config,
    Qwen3NextConfig,
    Qwen3VLConfig,
)
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

MODULE = pathlib.Path(__file__).resolve().parents[3]
OUT = MODULE / "src/test/resources/golden"
BUNDLED = MODULE.parent / "models/tiny-llama"

SHAPE = dict(
    vocab_size=96,
    hidden_size=32,
    intermediate_size=48,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=256,
    tie_word_embeddings=False,
    bos_token_id=0,
    eos_token_id=1,
    pad_token_id=None,
)
HYBRID = SHAPE | dict(
    num_hidden_layers=4,
    head_dim=16,
    linear_num_key_heads=2,
    linear_num_value_heads=4,
    linear_key_head_dim=8,
    linear_value_head_dim=6,
    layer_types=["linear_attention", "full_attention", "linear_attention", "full_attention"],
)
EXPERTS = dict(
    num_experts=6,
    num_experts_per_tok=2,
    moe_intermediate_size=12,
    shared_expert_intermediate_size=20,
    mlp_only_layers=[1],
)
# Models that also see: their images are token 94, their videos 95.
QWEN_IMAGES = dict(image_token_id=94, video_token_id=95, vision_start_token_id=92, vision_end_token_id=93)
TOWER = dict(hidden_size=8, intermediate_size=8)
QWEN_TOWER = TOWER | dict(
    depth=1, num_heads=2, out_hidden_size=32, num_position_embeddings=4, patch_size=2, temporal_patch_size=1
)
LAYERED_TOWER = TOWER | dict(num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4)
YARN = {"rope_type": "yarn", "rope_theta": 10000.0, "factor": 4.0, "original_max_position_embeddings": 32}
LLAMA3 = {
    "rope_type": "llama3",
    "rope_theta": 10000.0,
    "factor": 8.0,
    "low_freq_factor": 1.0,
    "high_freq_factor": 4.0,
    "original_max_position_embeddings": 32,
}


def old_spelling(config):
    """The same configuration as transformers 4 wrote it."""
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
    config["torch_dtype"] = config.pop("dtype")


def old_type_key(config):
    old_spelling(config)
    config["rope_scaling"]["type"] = config["rope_scaling"].pop("rope_type")


def old_hybrid(config):
    """As Qwen/Qwen3-Next-80B-A3B-Instruct is written."""
    old_spelling(config)
    config["partial_rotary_factor"] = 0.25
    config["full_attention_interval"] = 2
    del config["layer_types"]


def flat_qwen2_5_vl(config):
    """As Qwen/Qwen2.5-VL-7B-Instruct is written: without parts."""
    text = config.pop("text_config")
    text.pop("rope_parameters")
    text.pop("layer_types")
    text["rope_theta"] = 10000.0
    text["rope_scaling"] = {"type": "mrope", "mrope_section": [2, 1, 1]}
    config |= {key: value for key, value in text.items() if key != "model_type"}


VARIANTS = {
    "llama": dict(config=LlamaConfig(**SHAPE), edit=old_spelling),
    "llama3-rope-tied-sharded": dict(
        config=LlamaConfig(**SHAPE | dict(tie_word_embeddings=True, rope_parameters=LLAMA3)), shard="20KB"
    ),
    "llama3-rope-old": dict(config=LlamaConfig(**SHAPE | dict(rope_parameters=LLAMA3)), edit=old_spelling),
    "linear": dict(
        config=LlamaConfig(
            **SHAPE | dict(rope_parameters={"rope_type": "linear", "rope_theta": 5000.0, "factor": 2.5})
        ),
        edit=old_type_key,
    ),
    "yarn": dict(config=LlamaConfig(**SHAPE | dict(rope_parameters=YARN))),
    "yarn-mscale": dict(
        config=LlamaConfig(
            **SHAPE
            | dict(
                rope_parameters=YARN
                | {"mscale": 1.0, "mscale_all_dim": 0.8, "truncate": False, "beta_fast": 16, "beta_slow": 2}
            )
        )
    ),
    "dynamic": dict(
        config=LlamaConfig(
            **SHAPE | dict(rope_parameters={"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0})
        )
    ),
    "longrope": dict(
        config=LlamaConfig(
            **SHAPE
            | dict(
                rope_parameters={
                    "rope_type": "longrope",
                    "rope_theta": 10000.0,
                    "factor": 4.0,
                    "short_factor": [1.0, 1.1, 1.25, 1.5],
                    "long_factor": [1.0, 2.0, 3.0, 4.0],
                    "original_max_position_embeddings": 128,
                }
            )
        )
    ),
    "head-dim": dict(config=LlamaConfig(**SHAPE | dict(head_dim=10))),
    "biases": dict(config=LlamaConfig(**SHAPE | dict(attention_bias=True, mlp_bias=True))),
    "multi-head": dict(config=LlamaConfig(**SHAPE | dict(num_key_value_heads=4))),
    "mistral": dict(config=MistralConfig(**SHAPE | dict(head_dim=8, sliding_window=None))),
    "qwen2": dict(config=Qwen2Config(**SHAPE), edit=old_spelling),
    "qwen3": dict(config=Qwen3Config(**SHAPE | dict(head_dim=16, tie_word_embeddings=True))),
    "qwen3-next": dict(config=Qwen3NextConfig(**HYBRID | EXPERTS)),
    "qwen3-next-dense": dict(config=Qwen3NextConfig(**HYBRID | dict(num_experts=0)), edit=old_hybrid),
    "qwen3_5": dict(config=Qwen3_5TextConfig(**HYBRID | dict(tie_word_embeddings=True))),
    "qwen3_5-bf16": dict(config=Qwen3_5TextConfig(**HYBRID), dtype=torch.bfloat16),
    "qwen3_5-vl": dict(
        config=Qwen3_5Config(
            text_config=HYBRID
            | dict(
                num_hidden_layers=2,
                layer_types=["linear_attention", "full_attention"],
                rope_parameters={
                    "rope_type": "default",
                    "rope_theta": 10000.0,
                    "partial_rotary_factor": 0.25,
                    "mrope_section": [1, 1, 0],
                    "mrope_interleaved": True,
                },
            ),
            vision_config=QWEN_TOWER,
            **QWEN_IMAGES,
        )
    ),
    "qwen3-vl": dict(
        config=Qwen3VLConfig(
            text_config=SHAPE
            | dict(
                head_dim=16,
                rope_parameters={
                    "rope_type": "default",
                    "rope_theta": 10000.0,
                    "mrope_section": [4, 2, 2],
                    "mrope_interleaved": True,
                },
            ),
            vision_config=QWEN_TOWER | dict(deepstack_visual_indexes=[0]),
            tie_word_embeddings=True,
            **QWEN_IMAGES,
        )
    ),
    "qwen2_5-vl": dict(
        config=Qwen2_5_VLConfig(
            text_config=SHAPE
            | dict(rope_parameters={"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]}),
            vision_config=TOWER
            | dict(
                depth=1, num_heads=2, out_hidden_size=32, patch_size=2, temporal_patch_size=1, fullatt_block_indexes=[0]
            ),
            **QWEN_IMAGES,
        ),
        edit=flat_qwen2_5_vl,
    ),
    "mistral3": dict(
        config=Mistral3Config(
            text_config=MistralConfig(**SHAPE | dict(head_dim=8, sliding_window=None)),
            vision_config=PixtralVisionConfig(**LAYERED_TOWER | dict(head_dim=4)),
            image_token_index=94,
            tie_word_embeddings=False,
        )
    ),
    "llava": dict(
        config=LlavaConfig(
            text_config=LlamaConfig(**SHAPE), vision_config=CLIPVisionConfig(**LAYERED_TOWER), image_token_index=94
        )
    ),
    "llama-bf16": dict(config=LlamaConfig(**SHAPE), dtype=torch.bfloat16),
    "llama-f16": dict(config=LlamaConfig(**SHAPE), dtype=torch.float16),
}


# Settings at which a rounding more or less in the llama3 formula shows in the last bit.
ROPES = [(5e5, 16, 8.0, 512), (1e4, 128, 3.0, 1024), (5e5, 128, 8.0, 8192), (5e5, 64, 32.0, 8192)]

TEXTS = [
    "",
    " ",
    "The memory of the cluster keeps every token block.",
    "  two  spaces,\ttabs\n\nand lines\r\n",
    "héllo wörld, 漢字かな, עברית, 🙂👩‍👩‍👧 e\u0301",
    "<s> a special token</s> in the text<s>",
    "def prefill_block(token, cache):\n    return token + cache\n",
    '{"latency": 12.5, "hash": "9f00e1"}',
    "word " * 400,
]


def sees(config):
    return hasattr(config, "vision_config")


def loader(config):
    return AutoModelForImageTextToText if sees(config) else AutoModelForCausalLM


def make(config, directory, dtype=torch.float32, shard="1GB", edit=None):
    torch.manual_seed(sum(directory.name.encode()))
    config.dtype = dtype
    model = loader(config).from_config(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("norm.weight"):
                weight.copy_(weight + 0.1 * torch.randn(weight.shape))
            elif name.endswith("A_log"):
                weight.copy_(torch.empty(weight.shape).uniform_(0.01, 1).log())
            elif name.endswith("bias"):
                weight.copy_(0.2 * torch.randn(weight.shape))
            else:
                weight.copy_(torch.randn(weight.shape) / weight.shape[-1] ** 0.5)
    model.to(dtype).save_pretrained(directory, max_shard_size=shard)
    (directory / "generation_config.json").unlink(missing_ok=True)
    path = directory / "config.json"
    written = json.loads(path.read_text())
    if edit:
        edit(written)
    path.write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")


BLOCK_TOKENS = 16


def means(hidden):
    """What sentence embedders call mean pooling, of each full block."""
    full = len(hidden) // BLOCK_TOKENS * BLOCK_TOKENS
    return hidden[:full].view(-1, BLOCK_TOKENS, hidden.shape[-1]).mean(1)


def is_linear(layer):
    return getattr(layer, "recurrent_states", None) is not None


def state(layer):
    """What transformers keeps of a linear layer, without the oldest column of the convolution, which nobody reads."""
    return torch.cat([layer.recurrent_states[0].flatten(), layer.conv_states[0][0, :, 1:].flatten()])


@torch.inference_mode()
def golden(model_directory, out, count, vocab):
    config = AutoConfig.from_pretrained(model_directory)
    model = (
        loader(config).from_pretrained(model_directory, dtype=torch.float32, attn_implementation="eager").eval()
    )
    torch.manual_seed(count)
    tokens = torch.randint(0, vocab, (count,), dtype=torch.int32)
    answer = model(tokens[None].long(), use_cache=True)
    kv = torch.stack(
        [
            torch.stack([layer.keys[0].transpose(0, 1), layer.values[0].transpose(0, 1)])
            for layer in answer.past_key_values.layers
            if not is_linear(layer)
        ]
    )
    states = [state(layer) for layer in answer.past_key_values.layers if is_linear(layer)]
    out.mkdir(parents=True, exist_ok=True)
    if states:
        (out / "state.f32").write_bytes(torch.cat(states).numpy().astype("<f4").tobytes())
    (out / "tokens.i32").write_bytes(tokens.numpy().astype("<i4").tobytes())
    (out / "kv.f32").write_bytes(kv.contiguous().numpy().astype("<f4").tobytes())
    hidden = model.model(tokens[None].long()).last_hidden_state[0]
    (out / "means.f32").write_bytes(means(hidden).contiguous().numpy().astype("<f4").tobytes())
    (out / "logits.f32").write_bytes(answer.logits[0, -1].numpy().astype("<f4").tobytes())


def llama3_frequencies(theta, dim, factor, original):
    rope = {
        "rope_type": "llama3",
        "rope_theta": theta,
        "factor": factor,
        "low_freq_factor": 1.0,
        "high_freq_factor": 4.0,
        "original_max_position_embeddings": original,
    }
    config = LlamaConfig(
        hidden_size=dim, num_attention_heads=1, num_key_value_heads=1, head_dim=dim, rope_parameters=rope,
        max_position_embeddings=int(factor * original),
    )
    frequencies, _ = ROPE_INIT_FUNCTIONS["llama3"](config, "cpu")
    bits = frequencies.numpy().astype("<f4").view("<u4").tolist()
    return {"theta": theta, "dim": dim, "factor": factor, "original": original, "bits": bits}


def variants(names):
    for name in names:
        shutil.rmtree(OUT / name, ignore_errors=True)
        make(directory=OUT / name, **VARIANTS[name])
        golden(OUT / name, OUT / name, 90, 92 if sees(VARIANTS[name]["config"]) else SHAPE["vocab_size"])


def main():
    if sys.argv[1:]:
        variants(sys.argv[1:])
        return
    shutil.rmtree(OUT, ignore_errors=True)
    variants(VARIANTS)
    golden(BUNDLED, OUT / "tiny-llama", 200, 1536)
    (OUT / "llama3-frequencies.json").write_text(json.dumps([llama3_frequencies(*r) for r in ROPES]) + "\n")
    tokenizer = AutoTokenizer.from_pretrained(BUNDLED)
    cases = [
        {
            "text": text,
            "tokens": tokenizer(text)["input_ids"],
            "bare": tokenizer(text, add_special_tokens=False)["input_ids"],
        }
        for text in TEXTS
    ]
    (OUT / "tiny-llama/texts.json").write_text(json.dumps(cases, indent=1) + "\n")


if __name__ == "__main__":
    main()
