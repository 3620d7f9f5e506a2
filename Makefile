PYTHON ?= python3

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Install, load the content and serve on 127.0.0.1:8000 (another port: PORT=8001)
	@$(PYTHON) scripts/make_venv.py requirements.txt
	@.venv/bin/python scripts/serve.py

test: ## Run the whole suite on SQLite and PostgreSQL (one: DB=sqlite; some: ARGS="-k name")
	@$(PYTHON) scripts/make_venv.py requirements-test.txt
	@.venv/bin/python scripts/run_tests.py

test-long: ## Try the properties with 200 examples each, and not with the 10 of `make test`
	@$(PYTHON) scripts/make_venv.py requirements-test.txt
	@ARGS="-m hypothesis --hypothesis-profile=long --timeout=3600 $(ARGS)" .venv/bin/python scripts/run_tests.py

lint: ## Check style, templates, migrations and settings
	@$(PYTHON) scripts/make_venv.py requirements-test.txt
	@scripts/lint.sh

bench: ## Measure speed and growth against a control, on SQLite and PostgreSQL
	@$(PYTHON) scripts/make_venv.py requirements-test.txt
	@.venv/bin/python scripts/run_benchmarks.py

pictures: ## Take the README's pictures anew from a site of their own, into docs/img
	@$(PYTHON) scripts/make_venv.py requirements-test.txt
	@.venv/bin/python scripts/take_pictures.py

house: ## Draw docs/house.svg, the picture of the rooms and their imports, from the code
	@$(PYTHON) scripts/draw_house.py

constraints: ## Write the versions installed now to constraints.txt, after changing a requirement
	@.venv/bin/pip freeze > constraints.txt

clean: ## Delete what was installed and fetched here; the site's data in var/ stays
	rm -rf .venv .cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help run test test-long lint bench house pictures constraints clean
