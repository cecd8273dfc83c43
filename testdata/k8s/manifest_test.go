package manifest

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// The manifest has no key that the API's types lack, and agrees with itself.
func TestJob(t *testing.T) {
	text, err := os.ReadFile("../../docs/k8s-job.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var job batch.Job
	if err := yaml.UnmarshalStrict(text, &job); err != nil {
		t.Fatal(err)
	}
	if job.APIVersion != "batch/v1" || job.Kind != "Job" {
		t.Errorf("%s %s", job.APIVersion, job.Kind)
	}
	spec, pod := job.Spec, job.Spec.Template.Spec
	switch {
	case spec.CompletionMode == nil || *spec.CompletionMode != batch.IndexedCompletion:
		t.Error("the job is not indexed")
	case spec.Completions == nil || spec.Parallelism == nil || spec.BackoffLimitPerIndex == nil || spec.PodFailurePolicy == nil:
		t.Error("completions, parallelism, backoffLimitPerIndex and podFailurePolicy are wanted")
	case pod.RestartPolicy != core.RestartPolicyNever: // the API demands it beside a podFailurePolicy
		t.Errorf("restartPolicy is %s", pod.RestartPolicy)
	case *spec.MaxFailedIndexes > *spec.Completions:
		t.Error("maxFailedIndexes is above completions")
	case len(pod.Containers) != 1:
		t.Fatal("one container is wanted")
	}
	container := pod.Containers[0]
	if want := fmt.Sprintf("--shard=auto/%d", *spec.Completions); !slices.Contains(container.Args, want) {
		t.Errorf("%s is not among %q", want, container.Args)
	}
	actions := make(map[int32]batch.PodFailurePolicyAction)
	for _, rule := range spec.PodFailurePolicy.Rules {
		if rule.OnExitCodes == nil {
			continue
		}
		if name := rule.OnExitCodes.ContainerName; name == nil || *name != container.Name {
			t.Errorf("a rule is about another container: %v", name)
		}
		for _, code := range rule.OnExitCodes.Values {
			actions[code] = rule.Action
		}
	}
	if actions[2] != batch.PodFailurePolicyActionFailJob || actions[75] != batch.PodFailurePolicyActionIgnore {
		t.Errorf("%v, want 2 to fail the job and 75 to be ignored", actions)
	}
	for _, mount := range container.VolumeMounts {
		named := func(v core.Volume) bool { return v.Name == mount.Name }
		if !slices.ContainsFunc(pod.Volumes, named) {
			t.Errorf("no volume is called %s", mount.Name)
		}
	}
	for _, arg := range container.Args {
		if path, isOut := strings.CutPrefix(arg, "--out="); isOut && !strings.HasPrefix(path, container.VolumeMounts[0].MountPath+"/") {
			t.Errorf("%s is not on the volume", path)
		}
	}
}

// A misspelt key is found.
func TestStrict(t *testing.T) {
	if err := yaml.UnmarshalStrict([]byte("spec:\n  completionsMode: Indexed\n"), new(batch.Job)); err == nil {
		t.Error("a misspelt key is not found")
	}
}
