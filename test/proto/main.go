// SPDX-License-Identifier: Apache-2.0

// Holds a compiled proto/csi.proto against the official CSI module, field by field and both ways: names, numbers, types,
// labels, oneofs, maps, options, reserved numbers, enum values, methods and their streaming.  Not compared: comments,
// the order of declarations and the name of the generated Go package, none of which reach the wire.
//
//	proto DESCRIPTOR_SET      as written by protoc --include_imports --descriptor_set_out
package main

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/container-storage-interface/spec/lib/go/csi"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: proto DESCRIPTOR_SET")
		os.Exit(2)
	}
	ours, err := readFile(os.Args[1], "csi.proto")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	official := protodesc.ToFileDescriptorProto(csi.File_csi_proto)

	ourFacts, officialFacts := factsOf(ours), factsOf(official)
	differences := compare(ourFacts, officialFacts)
	for _, d := range differences {
		fmt.Println(d)
	}
	if len(differences) > 0 {
		fmt.Printf("proto: %d differences from the official csi.proto\n", len(differences))
		os.Exit(1)
	}
	fmt.Printf("proto: %d declarations as in the official csi.proto\n", len(officialFacts))
}

func readFile(path, name string) (*descriptorpb.FileDescriptorProto, error) {
	bytes, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	set := &descriptorpb.FileDescriptorSet{}
	// The official package registers the extensions, so ours are decoded as those: same number, same meaning.
	if err := proto.Unmarshal(bytes, set); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, file := range set.File {
		if file.GetName() == name {
			return file, nil
		}
	}
	return nil, fmt.Errorf("%s: no %s in it", path, name)
}

func compare(ours, official map[string]string) []string {
	var differences []string
	for key, fact := range official {
		if our, found := ours[key]; !found {
			differences = append(differences, fmt.Sprintf("%s: missing (official: %s)", key, fact))
		} else if our != fact {
			differences = append(differences, fmt.Sprintf("%s: ours %s, official %s", key, our, fact))
		}
	}
	for key, fact := range ours {
		if _, found := official[key]; !found {
			differences = append(differences, fmt.Sprintf("%s: not official (ours: %s)", key, fact))
		}
	}
	slices.Sort(differences)
	return differences
}

// facts maps each declaration to all that its descriptor says, less what is a declaration of its own.  Descriptors are
// compared whole: a property that nobody thought of counts too.
type facts map[string]string

func (f facts) add(key string, descriptor proto.Message) {
	f[key] = compact(descriptor)
}

func factsOf(file *descriptorpb.FileDescriptorProto) facts {
	f := facts{}
	pkg := file.GetPackage()
	rest := proto.Clone(file).(*descriptorpb.FileDescriptorProto)
	rest.MessageType, rest.EnumType, rest.Service, rest.Extension, rest.SourceCodeInfo = nil, nil, nil, nil, nil
	if rest.Options != nil {
		rest.Options.GoPackage = nil
	}
	slices.Sort(rest.Dependency)
	f.add("file", rest)
	for _, extension := range file.Extension {
		f.add(fmt.Sprintf("extension %d of %s", extension.GetNumber(), extension.GetExtendee()), extension)
	}
	for _, message := range file.MessageType {
		f.addMessage(pkg, message)
	}
	for _, enum := range file.EnumType {
		f.addEnum(pkg, enum)
	}
	for _, service := range file.Service {
		f.addService(pkg, service)
	}
	return f
}

func (f facts) addMessage(scope string, message *descriptorpb.DescriptorProto) {
	name := scope + "." + message.GetName()
	rest := proto.Clone(message).(*descriptorpb.DescriptorProto)
	rest.Field, rest.NestedType, rest.EnumType, rest.OneofDecl = nil, nil, nil, nil
	slices.Sort(rest.ReservedName)
	slices.SortFunc(rest.ReservedRange, func(a, b *descriptorpb.DescriptorProto_ReservedRange) int {
		return cmp.Compare(a.GetStart(), b.GetStart())
	})
	f.add("message "+name, rest)
	for _, oneof := range message.OneofDecl {
		f.add("oneof "+name+"."+oneof.GetName(), oneof)
	}
	for _, field := range message.Field {
		key := fmt.Sprintf("field %s %d", name, field.GetNumber())
		alone := proto.Clone(field).(*descriptorpb.FieldDescriptorProto)
		alone.OneofIndex = nil
		f.add(key, alone)
		if field.OneofIndex != nil {
			f[key] += " in oneof " + message.OneofDecl[field.GetOneofIndex()].GetName()
		}
	}
	for _, nested := range message.NestedType {
		f.addMessage(name, nested)
	}
	for _, enum := range message.EnumType {
		f.addEnum(name, enum)
	}
}

func (f facts) addEnum(scope string, enum *descriptorpb.EnumDescriptorProto) {
	name := scope + "." + enum.GetName()
	rest := proto.Clone(enum).(*descriptorpb.EnumDescriptorProto)
	rest.Value = nil
	slices.Sort(rest.ReservedName)
	slices.SortFunc(rest.ReservedRange, func(a, b *descriptorpb.EnumDescriptorProto_EnumReservedRange) int {
		return cmp.Compare(a.GetStart(), b.GetStart())
	})
	f.add("enum "+name, rest)
	for _, value := range enum.Value {
		// By name too: two names may share a number.
		f.add(fmt.Sprintf("enum value %s %d %s", name, value.GetNumber(), value.GetName()), value)
	}
}

func (f facts) addService(scope string, service *descriptorpb.ServiceDescriptorProto) {
	name := scope + "." + service.GetName()
	rest := proto.Clone(service).(*descriptorpb.ServiceDescriptorProto)
	rest.Method = nil
	f.add("service "+name, rest)
	for _, method := range service.Method {
		f.add("method "+name+"."+method.GetName(), method)
	}
}

// compact prints a descriptor on one line, the same in every run: prototext varies its spaces on purpose.
func compact(descriptor proto.Message) string {
	text := prototext.MarshalOptions{EmitUnknown: true}.Format(descriptor)
	text = strings.ReplaceAll(strings.Join(strings.Fields(text), " "), " options:{}", "")
	return "{" + strings.TrimSuffix(text, "options:{}") + "}"
}
