#!/usr/bin/env python3
"""Traces the reference model "bert" to TorchScript, as a user would. Run once, by hand.

    python make_torchscript.py --reference ../resources/reference

Ran with torch 2.7.1, transformers 4.57.1, on the CPU. Writes torchscript/hidden.pt (a tuple of hidden states
and pooler output), torchscript/labels.pt (a dictionary with logits), torchscript/tasks.pt (a dictionary of what
the other heads give: score, entities, words), torchscript/weights.pt, which is no TorchScript but a pickle by
torch.save, and torchscript/hangs.pt, a script that does not come back from a certain token. The expected values are those of the model itself, in bert/cases.json.
"""

import argparse
import json
import shutil
import tempfile
from pathlib import Path

import torch
import transformers as tf


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--reference", type=Path, required=True)
    reference = parser.parse_args().reference
    target = reference / "torchscript"
    target.mkdir(exist_ok=True)
    torch.manual_seed(0)
    inputs = (torch.randint(5, 150, (2, 9)), torch.ones(2, 9, dtype=torch.long), torch.zeros(2, 9, dtype=torch.long))
    with tempfile.TemporaryDirectory() as temporary, torch.no_grad():
        hidden = tf.BertModel.from_pretrained(
            assemble(reference, "base", Path(temporary)), torchscript=True, attn_implementation="eager"
        ).eval()
        torch.jit.save(torch.jit.trace(hidden, inputs), target / "hidden.pt")
        labels = tf.BertForSequenceClassification.from_pretrained(
            assemble(reference, "classification", Path(temporary)), attn_implementation="eager"
        ).eval()
        torch.jit.save(torch.jit.trace(labels, inputs, strict=False), target / "labels.pt")
        torch.jit.save(torch.jit.trace(Tasks(reference, Path(temporary)).eval(), inputs, strict=False), target / "tasks.pt")
    torch.save({"weight": torch.zeros(2)}, target / "weights.pt")
    torch.jit.save(torch.jit.script(Hangs()), target / "hangs.pt")


class Hangs(torch.nn.Module):
    """Hidden states of no meaning, and an endless loop over a text that has the token 137, "our"."""

    def forward(self, input_ids, attention_mask, token_type_ids):
        turns = torch.zeros(1)
        while bool((input_ids == 137).any()):
            turns = turns + 1
        wave = torch.arange(32, dtype=torch.float32)
        return torch.cos(input_ids.to(torch.float32).unsqueeze(-1) * 0.01 + wave) + 0 * turns


class Tasks(torch.nn.Module):
    """The heads for reranking, tokens and masks on one encoder, which the reference folders share."""

    def __init__(self, reference, directory):
        super().__init__()

        def load(kind, folder):
            return kind.from_pretrained(assemble(reference, folder, directory / "tasks"), attn_implementation="eager")

        rank = load(tf.BertForSequenceClassification, "rerank")
        self.bert, self.rank = rank.bert, rank.classifier
        self.tokens = load(tf.BertForTokenClassification, "token-classification").classifier
        self.words = load(tf.BertForMaskedLM, "base").cls

    def forward(self, input_ids, attention_mask, token_type_ids):
        hidden, pooled = self.bert(input_ids, attention_mask, token_type_ids, return_dict=False)
        return {"score": self.rank(pooled), "entities": self.tokens(hidden), "words": self.words(hidden)}


def assemble(reference, folder, directory):
    target = directory / folder
    files = json.loads((reference / "bert" / "cases.json").read_text())["folders"][folder]
    for name, file in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(reference / "bert" / file, target / name)
    return target


main()
