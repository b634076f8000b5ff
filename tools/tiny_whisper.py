"""Build a Whisper that always says one sentence, in the formats of every engine, for tests and benchmarks.

    python tools/tiny_whisper.py FOLDER --sentence "Thank you for calling." [--language en] [--width 64] [--layers 1]

Writes ``hf/`` (transformers), ``ct2/`` (CTranslate2, for faster-whisper) and ``tiny.pt`` (openai-whisper): the same
weights three times. Nothing is trained: every token of the sentence gets a direction of its own, and the last decoder
layer maps each token's direction to that of its successor. Loading, decoding, search, word times and the detection of
the language are the engines' own; only what the model knows is made up.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ctranslate2.converters
import torch
import transformers
import whisper
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from whisper.tokenizer import get_tokenizer

MELS = 80
END_OF_TEXT = 50257
START = 50258
TO_OPENAI = (
    (r"^model\.", ""),
    (r"\.layers\.", ".blocks."),
    (r"self_attn_layer_norm", "attn_ln"),
    (r"encoder_attn_layer_norm", "cross_attn_ln"),
    (r"final_layer_norm", "mlp_ln"),
    (r"self_attn", "attn"),
    (r"encoder_attn", "cross_attn"),
    (r"q_proj", "query"),
    (r"k_proj", "key"),
    (r"v_proj", "value"),
    (r"out_proj", "out"),
    (r"fc1", "mlp.0"),
    (r"fc2", "mlp.2"),
    (r"^encoder\.layer_norm", "encoder.ln_post"),
    (r"^decoder\.layer_norm", "decoder.ln"),
    (r"embed_positions\.weight", "positional_embedding"),
    (r"embed_tokens", "token_embedding"),
)
"""How transformers' names of the weights become those of the original, in this order."""


def build(
    folder: Path,
    sentence: str,
    *,
    language: str = "en",
    loud_language: str | None = None,
    width: int = 64,
    layers: int = 1,
    loop: bool = False,
) -> Path:
    """Write the three forms of one model into `folder` and return it.

    Parameters
    ----------
    sentence : str
        What the model says for every sound; no token of it may occur twice.
    language : str
        What the model takes every sound for.
    loud_language : str, optional
        What it takes loud sound for instead, white noise of 0.3 that fills 6 to 12 s; 0.001 is not loud.
    loop : bool
        Begin the sentence anew at its end for ever, as Whisper does when it is lost.
    """
    hf = folder / "hf"
    hf.mkdir(parents=True, exist_ok=True)
    model = _model(width, layers)
    chain = _chain(sentence, language, loop)
    if loud_language:
        chain[LANGUAGE_IDS[f"<|{loud_language}|>"]] = get_tokenizer(multilingual=True).transcribe
    _teach(model, chain)
    if loud_language:
        _teach_loudness(model, chain, LANGUAGE_IDS[f"<|{language}|>"], LANGUAGE_IDS[f"<|{loud_language}|>"])
    model.save_pretrained(hf)
    tokenizer_of_whisper().save(str(hf / "tokenizer.json"))
    transformers.WhisperFeatureExtractor(feature_size=MELS).save_pretrained(hf)
    converter = ctranslate2.converters.TransformersConverter(
        str(hf), copy_files=["tokenizer.json", "preprocessor_config.json"]
    )
    converter.convert(str(folder / "ct2"), quantization="float32", force=True)
    _add_languages(folder / "ct2" / "config.json")
    _save_original(model, folder / "tiny.pt")
    return folder


def _chain(sentence: str, language: str, loop: bool) -> dict[int, int]:
    """Return which token follows which."""
    tokenizer = get_tokenizer(multilingual=True)
    text = tokenizer.encode(f" {sentence}" if language == "en" else sentence)
    if len(set(text)) < len(text):
        raise ValueError("a token occurs twice in the sentence")
    # 0.4 s for each token in steps of 0.02 s: the checks against invented text distrust words that are shorter.
    begin = tokenizer.timestamp_begin
    end = begin + min(20 * len(text), 1500)
    row = [tokenizer.transcribe, begin, *text, *([text[0]] if loop else [end, tokenizer.eot])]
    return {
        tokenizer.sot: tokenizer.to_language_token(language),
        tokenizer.no_timestamps: text[0],  # how word times are found
        **dict(itertools.pairwise(row)),
    }


def _teach_loudness(model: Any, chain: dict[int, int], quiet: int, loud: int) -> None:
    """Let the sound choose between two languages, where the model is asked for one.

    The encoder's first feature is on in loud frames. Its mean over the 30 s, less a threshold, moves what the decoder
    looks at a little towards one language and away from the other; too little to disturb the chain of tokens.
    """
    encoder, decoder = model.model.encoder, model.model.decoder
    layer = decoder.layers[-1]
    width = model.config.d_model
    code = decoder.embed_tokens.weight
    between = code[loud] - code[quiet]
    with torch.no_grad():
        for conv in (encoder.conv1, encoder.conv2):
            conv.weight.zero_()
            conv.bias.zero_()
        # Whisper's features of loud noise lie near 1, of faint noise and silence below 0.
        encoder.conv1.weight[0, :, 1] = 16 / MELS
        encoder.conv1.bias[0] = -8.0
        encoder.conv2.weight[0, 0, 1] = 1.0
        encoder.conv2.bias[1] = 1.0  # what normalisation scales up where the first feature is off
        for block in encoder.layers:
            for silent in (block.self_attn.out_proj, block.fc2):
                silent.weight.zero_()
                silent.bias.zero_()
        attention = layer.encoder_attn
        _teach_times(model, chain, code)
        attention.v_proj.weight.zero_()
        attention.v_proj.bias.zero_()
        attention.v_proj.weight[0, 0] = 1.0
        attention.out_proj.weight[:, 0] = 0.05 * between
        attention.out_proj.bias.copy_(-0.05 * between)
        start = get_tokenizer(multilingual=True).sot
        layer.fc1.weight[list(chain).index(start)] = 0.0
        for at, (language, sign) in enumerate(((loud, 1.0), (quiet, -1.0)), start=len(chain)):
            layer.fc1.weight[at] = 2 * code[start] + 12 * sign * between
            layer.fc1.bias[at] = -2.2 * width**0.5
            layer.fc2.weight[:, at] = 10 * code[language]


def _teach_times(model: Any, chain: dict[int, int], code: Any) -> None:
    """Let each token of the sentence look at 0.4 s of its own, so that word times hang on no rounding.

    Engines take a word's time from where its tokens are looked for: by the token before each, from the one for no
    timestamps on. The first head, which hears how loud it is, looks nearly alike at every frame.
    """
    tokenizer = get_tokenizer(multilingual=True)
    before = [tokenizer.no_timestamps]
    while chain[before[-1]] < tokenizer.eot:
        before.append(chain[before[-1]])
    attention = model.model.decoder.layers[-1].encoder_attn
    positions = model.model.encoder.embed_positions.weight
    heads = model.config.decoder_attention_heads
    size = model.config.d_model // heads
    for weights in (positions, attention.q_proj.weight, attention.q_proj.bias, attention.k_proj.weight):
        weights.zero_()
    for at, token in enumerate(before):
        feature = 2 + at  # the first two tell how loud it is
        end = 20 * (at + 1) if token != before[-1] else None
        positions[20 * at : end, feature] = 3.0
        for head in range(heads):
            attention.q_proj.weight[head * size + at] = code[token] * (1.0 if head else 0.01)
            attention.k_proj.weight[head * size + at, feature] = 1.0


def _teach(model: Any, chain: dict[int, int]) -> None:
    """Set the decoder's weights so that each token of the chain is followed by its successor, almost surely."""
    tokens = sorted({*chain, *chain.values()})
    width = model.config.d_model
    if len(tokens) >= width:
        raise ValueError(f"the sentence needs a width above {len(tokens)}")
    # Orthonormal directions without a mean, which layer normalisation would take away.
    basis = torch.linalg.qr(torch.cat([torch.ones(width, 1), torch.randn(width, len(tokens))], dim=1))[0][:, 1:]
    code = {token: basis[:, at] for at, token in enumerate(tokens)}
    decoder = model.model.decoder
    with torch.no_grad():
        decoder.embed_positions.weight.zero_()
        decoder.embed_tokens.weight.zero_()
        for token, direction in code.items():
            decoder.embed_tokens.weight[token] = direction
        for layer in decoder.layers:
            for silent in (layer.self_attn.out_proj, layer.encoder_attn.out_proj, layer.fc2):
                silent.weight.zero_()
                silent.bias.zero_()
        last = decoder.layers[-1]
        last.fc1.weight.zero_()
        # A normalised direction has length sqrt(width): 2 sqrt(width) for the token itself, 0 for all others.
        last.fc1.bias.fill_(-(width**0.5))
        for at, (token, successor) in enumerate(chain.items()):
            last.fc1.weight[at] = 2 * code[token]
            last.fc2.weight[:, at] = 10 * code[successor]
        decoder.layer_norm.weight.fill_(24 / width**0.5)  # e^24 against 51,865 others at e^0


def _model(width: int, layers: int) -> Any:
    torch.manual_seed(0)
    heads = max(2, width // 64)
    config = transformers.WhisperConfig(
        vocab_size=51865,
        num_mel_bins=MELS,
        d_model=width,
        encoder_layers=layers,
        decoder_layers=layers,
        encoder_attention_heads=heads,
        decoder_attention_heads=heads,
        encoder_ffn_dim=4 * width,
        decoder_ffn_dim=4 * width,
        bos_token_id=END_OF_TEXT,
        eos_token_id=END_OF_TEXT,
        pad_token_id=END_OF_TEXT,
        decoder_start_token_id=START,
    )
    model = transformers.WhisperForConditionalGeneration(config).eval()
    model.generation_config.alignment_heads = [[layer, head] for layer in range(layers) for head in range(heads)]
    model.generation_config.suppress_tokens = []
    model.generation_config.begin_suppress_tokens = []
    return model


def _add_languages(path: Path) -> None:
    """Write the language tokens that the converter does not find with recent versions of transformers."""
    config = json.loads(path.read_text(encoding="utf-8"))
    config["lang_ids"] = sorted(LANGUAGE_IDS.values())
    path.write_text(json.dumps(config), encoding="utf-8")


def _special() -> Iterator[tuple[str, int]]:
    tokens = get_tokenizer(multilingual=True).encoding._special_tokens  # no public listing in tiktoken
    yield from sorted(tokens.items(), key=lambda item: item[1])


def tokenizer_of_whisper() -> Tokenizer:
    """Return Whisper's tokenizer in the hub's format, from the vocabulary that openai-whisper's wheel carries."""
    ranks: dict[bytes, int] = get_tokenizer(multilingual=True).encoding._mergeable_ranks
    letters = _byte_letters()

    def shown(token: bytes) -> str:
        return "".join(letters[byte] for byte in token)

    merges = [
        tuple(map(shown, _parts(token, ranks))) for token in sorted(ranks, key=ranks.__getitem__) if len(token) > 1
    ]
    tokenizer = Tokenizer(models.BPE(vocab={shown(token): rank for token, rank in ranks.items()}, merges=merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name, _ in _special()])
    return tokenizer


def _byte_letters() -> dict[int, str]:
    """Return the printable letter that byte-level BPE writes for each byte (as GPT-2 does)."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = (byte for byte in range(256) if byte not in plain)
    return {byte: chr(byte) for byte in plain} | {byte: chr(256 + at) for at, byte in enumerate(others)}


def _parts(token: bytes, ranks: dict[bytes, int]) -> tuple[bytes, bytes]:
    """Return the last merge that makes a token, found by merging with all earlier ranks only."""
    parts = [bytes([byte]) for byte in token]
    while len(parts) > 2:
        rank, at = min((ranks.get(parts[i] + parts[i + 1], 1 << 30), i) for i in range(len(parts) - 1))
        if rank >= ranks[token]:
            break
        parts[at : at + 2] = [parts[at] + parts[at + 1]]
    left, right = parts
    return left, right


def _save_original(model: Any, path: Path) -> None:
    config = model.config
    dims = whisper.ModelDimensions(
        n_mels=config.num_mel_bins,
        n_audio_ctx=config.max_source_positions,
        n_audio_state=config.d_model,
        n_audio_head=config.encoder_attention_heads,
        n_audio_layer=config.encoder_layers,
        n_vocab=config.vocab_size,
        n_text_ctx=config.max_target_positions,
        n_text_state=config.d_model,
        n_text_head=config.decoder_attention_heads,
        n_text_layer=config.decoder_layers,
    )
    state = {}
    for name, value in model.state_dict().items():
        if name == "proj_out.weight":
            continue  # tied to the token embedding
        original_name = name
        for pattern, replacement in TO_OPENAI:
            original_name = re.sub(pattern, replacement, original_name)
        state[original_name] = value
    original = whisper.model.Whisper(dims)
    original.load_state_dict(state)
    torch.save({"dims": dims.__dict__, "model_state_dict": original.state_dict()}, path)


LANGUAGE_IDS = {name: code for name, code in _special() if re.fullmatch(r"<\|\w{2,3}\|>", name)}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sentence", required=True)
    parser.add_argument("--language", default="en")
    parser.add_argument("--loud-language")
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--layers", type=int, default=1)
    parser.add_argument("--loop", action="store_true")
    build(**vars(parser.parse_args()))
