"""Renders the chat templates in ../resources/templates as transformers does.

Run with transformers 4.57.1: python make_chat_goldens.py
"""

import json
import pathlib

from transformers.utils.chat_template_utils import render_jinja_template

FOLDER = pathlib.Path(__file__).parent.parent / "resources" / "templates"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}


def m(role, content):
    return {"role": role, "content": content}


CONVERSATIONS = {
    "one_turn": [m("user", "What is a headrace?")],
    "system": [m("system", "Be brief."), m("user", "  Hello\n  there  ")],
    "turns": [
        m("system", "You know mills."),
        m("user", "Hi"),
        m("assistant", "Hello! <b>\"It's\"</b> & \\n"),
        m("user", "{{ messages }} {% if %} \U0001f600 é"),
    ],
    "thinking": [
        m("user", "2+2?"),
        m("assistant", "<think>\nEasy.\n</think>\n\n4"),
        m("user", "3+3?"),
    ],
    "last_is_assistant": [m("user", "Say"), m("assistant", "It said")],
    "empty_content": [m("user", "")],
    "wrong_order": [m("user", "a"), m("user", "b")],
}

cases = []
for path in sorted(FOLDER.glob("*.jinja")):
    for name, messages in CONVERSATIONS.items():
        for prompt in (True, False):
            try:
                rendered, _ = render_jinja_template(
                    conversations=[messages],
                    chat_template=path.read_text(),
                    add_generation_prompt=prompt,
                    **TOKENS,
                )
                expected = {"text": rendered[0]}
            except Exception as e:  # jinja2.exceptions.TemplateError
                expected = {"error": str(e)}
            cases.append(
                {"template": path.name, "case": name, "messages": messages, "prompt": prompt, **expected}
            )
(FOLDER / "goldens.json").write_text(json.dumps(cases, indent=1, ensure_ascii=True) + "\n")
print(len(cases), "cases,", sum("error" in c for c in cases), "errors")
