# docs/contributing.md describes each target.
.PHONY: demo test build-tests matrix e2e bench soak performance generate image plugin plugin-page lint controlplane

TEST = cargo test --locked --workspace --lib --bins --tests
# The one that needs the feature.
TEST_OTLP = cargo test --locked --features otlp --test otlp

RENDER = $$(tests/controlplane/build)/helm template direct-connect-operator charts/direct-connect-operator
# What Helm says of itself is left out for those without Helm.
PLAIN = sed -E '/^$$|^\# Source:|app.kubernetes.io\/(instance|version|managed-by):|helm.sh\/chart:/d'

demo: controlplane
	cargo build --locked --bins
	cargo build --locked --package direct-connect-simulator
	cargo build --locked --package kubectl-dc
	ONCE=$(ONCE) IDENTITY=$(IDENTITY) cargo run --locked --quiet --example demo

test: controlplane
	$(TEST_OTLP)
	$(TEST)

build-tests:
	$(TEST_OTLP) --no-run
	$(TEST) --no-run

# What runs against each API server besides the rules of the definitions.
TESTS = --test lifecycle
MATRIX = "$$KUBEBUILDER_ASSETS/kube-apiserver" --version && cargo test --locked --test api crds:: && cargo test --locked $(TESTS)

matrix: controlplane
	KUBEBUILDER_ASSETS=$$(tests/controlplane/build oldest) && export KUBEBUILDER_ASSETS && $(MATRIX)
	KUBEBUILDER_ASSETS=$$(tests/controlplane/build) && export KUBEBUILDER_ASSETS && $(MATRIX)

e2e:
	tests/e2e/run

bench: controlplane
	cargo build --locked --release --package kubectl-dc
	SCENARIO=$(SCENARIO) cargo bench --locked --bench scale

soak: controlplane
	SCENARIO=soak cargo bench --locked --bench scale

performance:
	cargo bench --locked --profile dev --bench scale -- page

generate:
	cargo run --locked --quiet --bin dc-operator -- crd --dir crds
	mkdir -p charts/direct-connect-operator/files/crds
	cp crds/*.yaml charts/direct-connect-operator/files/crds/
	cargo run --locked --quiet --bin dc-operator -- docs --dir docs
	$(RENDER) --show-only templates/protection.yaml | $(PLAIN) > deploy/protection.yaml
	awk 'FNR == 1 { print "---" } 1' crds/*.yaml > deploy/kustomize/crds.yaml
	$(RENDER) --namespace direct-connect --set crds.enabled=false --set leaderElection.flowSchema.enabled=false | $(PLAIN) > deploy/kustomize/operator.yaml

image:
	deploy/image

plugin:
	deploy/plugin

plugin-page: controlplane
	cargo build --locked --bins
	UPDATE_DOCS=1 cargo test --locked --package kubectl-dc --test kubectl page::

lint:
	cargo fmt --all --check
	cargo clippy --locked --workspace --all-targets --all-features -- -D warnings
	cargo clippy --locked --all-features --test e2e -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --all-features --document-private-items

controlplane:
	tests/controlplane/build
	tests/controlplane/build definitions
