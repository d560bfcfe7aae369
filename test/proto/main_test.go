// SPDX-License-Identifier: Apache-2.0

// The comparison sees every kind of difference: each case spoils a copy of the official descriptor in one place.
package main

import (
	"strings"
	"testing"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

func message(file *descriptorpb.FileDescriptorProto, name string) *descriptorpb.DescriptorProto {
	for _, m := range file.MessageType {
		if m.GetName() == name {
			return m
		}
	}
	panic("no message " + name)
}

func field(file *descriptorpb.FileDescriptorProto, messageName, name string) *descriptorpb.FieldDescriptorProto {
	for _, f := range message(file, messageName).Field {
		if f.GetName() == name {
			return f
		}
	}
	panic("no field " + name)
}

func method(file *descriptorpb.FileDescriptorProto, name string) *descriptorpb.MethodDescriptorProto {
	for _, s := range file.Service {
		for _, m := range s.Method {
			if m.GetName() == name {
				return m
			}
		}
	}
	panic("no method " + name)
}

func TestCompareSeesEachKindOfDifference(t *testing.T) {
	official := protodesc.ToFileDescriptorProto(csi.File_csi_proto)
	cases := []struct {
		name  string
		spoil func(*descriptorpb.FileDescriptorProto)
		want  string
	}{
		{"field number", func(f *descriptorpb.FileDescriptorProto) { field(f, "Volume", "volume_id").Number = proto.Int32(9) },
			"field csi.v1.Volume 2: missing"},
		{"field name", func(f *descriptorpb.FileDescriptorProto) { field(f, "Volume", "volume_id").Name = proto.String("id") },
			"field csi.v1.Volume 2: ours"},
		{"field type", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "Volume", "capacity_bytes").Type = descriptorpb.FieldDescriptorProto_TYPE_UINT64.Enum()
		}, "field csi.v1.Volume 1: ours"},
		{"label", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "Volume", "volume_id").Label = descriptorpb.FieldDescriptorProto_LABEL_REPEATED.Enum()
		}, "field csi.v1.Volume 2: ours"},
		{"map value type", func(f *descriptorpb.FileDescriptorProto) {
			message(f, "Topology").NestedType[0].Field[1].Type = descriptorpb.FieldDescriptorProto_TYPE_BYTES.Enum()
		}, "field csi.v1.Topology.SegmentsEntry 2: ours"},
		{"map turned list", func(f *descriptorpb.FileDescriptorProto) { message(f, "Topology").NestedType[0].Options = nil },
			"message csi.v1.Topology.SegmentsEntry: ours"},
		{"oneof left", func(f *descriptorpb.FileDescriptorProto) {
			field(f, "PluginCapability", "service").OneofIndex = nil
		}, "field csi.v1.PluginCapability 1: ours"},
		{"secret option", func(f *descriptorpb.FileDescriptorProto) { field(f, "DeleteVolumeRequest", "secrets").Options = nil },
			"field csi.v1.DeleteVolumeRequest 2: ours"},
		{"reserved number", func(f *descriptorpb.FileDescriptorProto) {
			message(f, "NodeGetVolumeStatsResponse").ReservedRange = nil
		}, "message csi.v1.NodeGetVolumeStatsResponse: ours"},
		{"message missing", func(f *descriptorpb.FileDescriptorProto) { f.MessageType = f.MessageType[1:] },
			"message csi.v1.GetPluginInfoRequest: missing"},
		{"message added", func(f *descriptorpb.FileDescriptorProto) {
			f.MessageType = append(f.MessageType, &descriptorpb.DescriptorProto{Name: proto.String("Extra")})
		}, "message csi.v1.Extra: not official"},
		{"enum value", func(f *descriptorpb.FileDescriptorProto) { f.EnumType[0].Value[1].Number = proto.Int32(7) },
			"enum value csi.v1."},
		{"enum alias", func(f *descriptorpb.FileDescriptorProto) {
			f.EnumType[0].Value = append(f.EnumType[0].Value,
				&descriptorpb.EnumValueDescriptorProto{Name: proto.String("ALIAS"), Number: proto.Int32(0)})
		}, "ALIAS: not official"},
		{"streaming", func(f *descriptorpb.FileDescriptorProto) { method(f, "GetMetadataDelta").ServerStreaming = nil },
			"method csi.v1.SnapshotMetadata.GetMetadataDelta: ours"},
		{"method type", func(f *descriptorpb.FileDescriptorProto) {
			method(f, "Probe").OutputType = proto.String(".csi.v1.ProbeRequest")
		}, "method csi.v1.Identity.Probe: ours"},
		{"method option", func(f *descriptorpb.FileDescriptorProto) { method(f, "GetSnapshot").Options = nil },
			"method csi.v1.Controller.GetSnapshot: ours"},
		{"extension number", func(f *descriptorpb.FileDescriptorProto) { f.Extension[0].Number = proto.Int32(1) },
			"extension 1 of"},
		{"package", func(f *descriptorpb.FileDescriptorProto) { f.Package = proto.String("csi.v2") }, "file: ours"},
	}
	for _, c := range cases {
		spoiled := proto.Clone(official).(*descriptorpb.FileDescriptorProto)
		c.spoil(spoiled)
		differences := strings.Join(compare(factsOf(spoiled), factsOf(official)), "\n")
		if !strings.Contains(differences, c.want) {
			t.Errorf("%s: want %q among the differences, got %q", c.name, c.want, differences)
		}
	}
}

func TestCompareIgnoresOrderAndGoPackage(t *testing.T) {
	official := protodesc.ToFileDescriptorProto(csi.File_csi_proto)
	moved := proto.Clone(official).(*descriptorpb.FileDescriptorProto)
	moved.Options.GoPackage = proto.String("elsewhere")
	last := len(moved.MessageType) - 1
	moved.MessageType[0], moved.MessageType[last] = moved.MessageType[last], moved.MessageType[0]
	if differences := compare(factsOf(moved), factsOf(official)); len(differences) > 0 {
		t.Errorf("want none, got %q", differences)
	}
}
