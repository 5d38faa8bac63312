// Validates CustomResourceDefinitions as the API server of this module's version does when they are created, cost of their rules included, and
// prints each error with its file. An API server is not needed, so this takes a second.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/install"
	"k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/apiserver/pkg/cel/environment"
)

func main() {
	files := os.Args[1:]
	if len(files) == 0 {
		fmt.Fprintln(os.Stderr, "usage: validate-definitions FILE...")
		os.Exit(2)
	}
	decoder := newDecoder()
	definitions, refusals := 0, 0
	for _, file := range files {
		documents, err := documentsOf(file)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		for _, document := range documents {
			definitions++
			for _, refusal := range validate(decoder, document) {
				refusals++
				fmt.Printf("%s: %s\n", file, refusal)
			}
		}
	}
	// What CEL may use on a new definition is what the version before knew too, so that a rollback of the API server can read it.
	fmt.Printf("definitions: %d, errors: %d, functions of CEL up to Kubernetes %s\n", definitions, refusals, environment.DefaultCompatibilityVersion())
	if refusals > 0 || definitions == 0 {
		os.Exit(1)
	}
}

// Strict, as kubectl asks for: a field that is newer than this version is an error, where the API server would drop it.
func newDecoder() runtime.Decoder {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return serializer.NewCodecFactory(scheme, serializer.EnableStrict).UniversalDecoder(apiextensions.SchemeGroupVersion)
}

func documentsOf(file string) ([][]byte, error) {
	source, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	reader := yaml.NewYAMLReader(bufio.NewReader(source))
	var documents [][]byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if strings.TrimSpace(string(document)) != "" {
			documents = append(documents, document)
		}
	}
}

// Decodes with defaults and validates: what becomes of a POST.
func validate(decoder runtime.Decoder, document []byte) []string {
	object, err := runtime.Decode(decoder, document)
	if err != nil {
		return []string{err.Error()}
	}
	definition, is := object.(*apiextensions.CustomResourceDefinition)
	if !is {
		return []string{fmt.Sprintf("not a CustomResourceDefinition: %s", object.GetObjectKind().GroupVersionKind())}
	}
	definition.Status = apiextensions.CustomResourceDefinitionStatus{}
	for _, version := range definition.Spec.Versions {
		if version.Storage {
			definition.Status.StoredVersions = []string{version.Name}
		}
	}
	return messages(validation.ValidateCustomResourceDefinition(context.Background(), definition))
}

func messages(refusals field.ErrorList) []string {
	var messages []string
	for _, refusal := range refusals {
		messages = append(messages, refusal.Error())
	}
	return messages
}
