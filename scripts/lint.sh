#!/bin/sh
# Every check that runs no test. All of them run, so that one visit shows everything.
cd "$(dirname "$0")/.." || exit 1
PATH="$PWD/.venv/bin:$PATH"
failed=0

check() {
    echo "== $1 $2 $3"
    "$@" || failed=1
}

check ruff check .
check ruff format --check .
check python scripts/lint_prose.py
check djlint --check templates
check django-upgrade --check --target-version 5.2 $(find . -name '*.py' -not -path './.*')
check python manage.py makemigrations --check --dry-run
check python manage.py check --fail-level WARNING
exit $failed
