package main

import (
	"context"
	"encoding/json"

	apifeatures "github.com/openshift/api/features"
	"github.com/openshift/machine-api-operator/pkg/webhooks"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/component-base/featuregate"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

// verdict is what is printed for one file. Defaulted is the object as the cluster would store it.
type verdict struct {
	File      string          `json:"file"`
	Allowed   bool            `json:"allowed"`
	Message   string          `json:"message"`
	Warnings  []string        `json:"warnings"`
	Defaulted json.RawMessage `json:"defaulted"`
}

// judge holds the operator's two webhooks for MachineSets; defaulter is nil where defaulting is skipped.
type judge struct{ defaulter, validator *admission.Webhook }

func newJudge(known *cluster, skipDefault bool) (*judge, error) {
	gates, err := featureGates()
	if err != nil {
		return nil, err
	}
	j := &judge{}
	err = known.during(func() (err error) {
		if !skipDefault {
			if j.defaulter, err = webhooks.NewMachineSetDefaulter(); err != nil {
				return err
			}
		}
		reader := fake.NewClientBuilder().WithScheme(scheme.Scheme).WithObjects(known.secrets...).Build()
		j.validator, err = webhooks.NewMachineSetValidator(reader, gates)
		return err
	})
	return j, err
}

// featureGates are those that the operator asks for, off as in its own main without a FeatureGate resource.
func featureGates() (featuregate.MutableFeatureGate, error) {
	gates := featuregate.NewFeatureGate()
	off := featuregate.FeatureSpec{Default: false, PreRelease: featuregate.Alpha}
	return gates, gates.Add(map[featuregate.Feature]featuregate.FeatureSpec{
		featuregate.Feature(apifeatures.FeatureGateMachineAPIMigration):     off,
		featuregate.Feature(apifeatures.FeatureGateVSphereHostVMGroupZonal): off,
		featuregate.Feature(apifeatures.FeatureGateVSphereMultiDisk):        off,
		featuregate.Feature(apifeatures.FeatureGateVSphereMultiNetworks):    off,
	})
}

// review judges the update of old to object or, where old is nil, the creation of object.
func (j *judge) review(old, object []byte) (*verdict, error) {
	if old != nil {
		return j.update(old, object), nil
	}
	return j.create(object)
}

// create judges the creation of object: first the mutating webhook, then the validating one on what it made.
func (j *judge) create(object []byte) (*verdict, error) {
	v := &verdict{Warnings: []string{}, Defaulted: object}
	if j.defaulter != nil {
		response := j.defaulter.Handle(context.Background(), creation(object))
		v.note(response)
		if !v.Allowed {
			return v, nil
		}
		patched, err := apply(response, object)
		if err != nil {
			return nil, err
		}
		v.Defaulted = patched
	}
	v.note(j.validator.Handle(context.Background(), creation(v.Defaulted)))
	return v, nil
}

// update judges the change of old to object: the operator's defaulting is registered for creation only.
func (j *judge) update(old, object []byte) *verdict {
	v := &verdict{Warnings: []string{}, Defaulted: object}
	request := creation(object)
	request.Operation = admissionv1.Update
	request.OldObject = runtime.RawExtension{Raw: old}
	v.note(j.validator.Handle(context.Background(), request))
	return v
}

func (v *verdict) note(response admission.Response) {
	v.Allowed = response.Allowed
	v.Warnings = append(v.Warnings, response.Warnings...)
	if !response.Allowed {
		v.Message = response.Result.Message
	}
}

func creation(object []byte) admission.Request {
	return admission.Request{AdmissionRequest: admissionv1.AdmissionRequest{
		UID:       "00000000-0000-4000-8000-000000000001",
		Operation: admissionv1.Create,
		Kind:      metav1.GroupVersionKind{Group: "machine.openshift.io", Version: "v1beta1", Kind: "MachineSet"},
		Object:    runtime.RawExtension{Raw: object},
	}}
}

func apply(response admission.Response, object []byte) ([]byte, error) {
	if len(response.Patches) == 0 {
		return object, nil
	}
	text, err := json.Marshal(response.Patches)
	if err != nil {
		return nil, err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return nil, err
	}
	return patch.Apply(object)
}
