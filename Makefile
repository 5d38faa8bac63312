# What each target does is said in README.md, "Work on it".
.PHONY: demo test bench generate image lint controlplane

demo: controlplane
	cargo build --locked --bins
	ONCE=$(ONCE) cargo run --locked --quiet --example demo

test: controlplane
	cargo test --locked --lib --bins --tests

bench:
	cargo bench --locked

generate:
	cargo run --locked --quiet --bin dc-operator -- crd --dir crds
	mkdir -p charts/direct-connect-operator/files/crds
	cp crds/*.yaml charts/direct-connect-operator/files/crds/
	cargo run --locked --quiet --bin dc-operator -- docs --dir docs
	$$(tests/controlplane/build)/helm template direct-connect-operator charts/direct-connect-operator --show-only templates/protection.yaml \
	  | sed -E '/^$$|^# Source:|app.kubernetes.io\/(instance|version|managed-by):|helm.sh\/chart:/d' > deploy/protection.yaml

image:
	$(firstword $(foreach tool,docker podman buildah,$(if $(shell command -v $(tool)),$(tool),)) docker) build -t direct-connect-operator:dev -f deploy/Dockerfile .

lint:
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items

controlplane:
	tests/controlplane/build
