#!/usr/bin/env python3
"""Writes tensorboard.tfevents: the events of tests/apps/tensorboard/event_test.cpp, built from the message classes and the
record writer of the tensorboard package (2.21.0), and checks that its reader shows them.

    python tests/golden/make_tensorboard.py
"""
import os
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.summary.writer.record_writer import RecordWriter

TIME = 1700000000.25


def summary(step, **value):
    return event_pb2.Event(wall_time=TIME, step=step,
                           summary=summary_pb2.Summary(value=[summary_pb2.Summary.Value(**value)]))


text = tensor_pb2.TensorProto(dtype=types_pb2.DT_STRING, string_val=["lr: *0.0005* é".encode()],
                              tensor_shape=tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)]))
events = [
    event_pb2.Event(wall_time=TIME, file_version="brain.Event:2"),
    summary(200, tag="loss", simple_value=6.125),
    summary(0, tag="zero", simple_value=0.0),
    summary(300, tag="loss", simple_value=float("nan")),
    summary(70000, tag="levels/encoder.fc1.weight", histo=summary_pb2.HistogramProto(
        min=-1, max=1, num=100, sum=5, sum_squares=45, bucket_limit=[-0.5, 0.5, 1], bucket=[20, 55, 25])),
    summary(0, tag="config", tensor=text, metadata=summary_pb2.SummaryMetadata(
        plugin_data=summary_pb2.SummaryMetadata.PluginData(plugin_name="text"), data_class=summary_pb2.DATA_CLASS_TENSOR)),
    event_pb2.Event(wall_time=TIME, step=201, session_log=event_pb2.SessionLog(status=event_pb2.SessionLog.START)),
]
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "tensorboard.tfevents")
with open(path, "wb") as file:
    writer = RecordWriter(file)
    for event in events:
        writer.write(event.SerializeToString(deterministic=True))

with tempfile.TemporaryDirectory() as folder:
    with open(path, "rb") as file, open(os.path.join(folder, "events.out.tfevents.1.host"), "wb") as copy:
        copy.write(file.read())
    accumulator = EventAccumulator(folder)
    accumulator.Reload()
    print(accumulator.Tags())
