/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The C structs of job.json, one per structure of AWS's model and named after it
 * (H264Settings → struct h264_settings), their fields made from the rows of tables/. Enums are
 * named after the model's enum shapes (H264RateControlMode → enum h264_rate_control_mode, with
 * H264_RATE_CONTROL_MODE_QVBR).
 *
 * Objects whose default is {} (VideoSelector, OutputSettings, M3u8Settings…) are never NULL; the
 * others are NULL where the job does not give them.
 */
#ifndef JOB_TABLES_H
#define JOB_TABLES_H

#include "job/setting.h"

/* Every structure that has a table: X(tag, name in AWS's model) */
#define STRUCTURES(X)                                                                              \
    X(aac_settings, "AacSettings")                                                                 \
    X(audio_codec_settings, "AudioCodecSettings")                                                  \
    X(audio_description, "AudioDescription")                                                       \
    X(audio_selector, "AudioSelector")                                                             \
    X(container_settings, "ContainerSettings")                                                     \
    X(create_job_request, "CreateJobRequest")                                                      \
    X(destination_settings, "DestinationSettings")                                                 \
    X(file_group_settings, "FileGroupSettings")                                                    \
    X(frame_capture_settings, "FrameCaptureSettings")                                              \
    X(h264_qvbr_settings, "H264QvbrSettings")                                                      \
    X(h264_settings, "H264Settings")                                                               \
    X(hls_group_settings, "HlsGroupSettings")                                                      \
    X(hls_settings, "HlsSettings")                                                                 \
    X(input, "Input")                                                                              \
    X(job_settings, "JobSettings")                                                                 \
    X(m3u8_settings, "M3u8Settings")                                                               \
    X(mp4_settings, "Mp4Settings")                                                                 \
    X(output, "Output")                                                                            \
    X(output_group, "OutputGroup")                                                                 \
    X(output_group_settings, "OutputGroupSettings")                                                \
    X(output_settings, "OutputSettings")                                                           \
    X(s3_destination_access_control, "S3DestinationAccessControl")                                 \
    X(s3_destination_settings, "S3DestinationSettings")                                            \
    X(s3_encryption_settings, "S3EncryptionSettings")                                              \
    X(timecode_config, "TimecodeConfig")                                                           \
    X(video_codec_settings, "VideoCodecSettings")                                                  \
    X(video_description, "VideoDescription")                                                       \
    X(video_selector, "VideoSelector")

/* enum values: V as the row says; WARN and NO take the reason why the value is ignored, refused */
#define V(prefix, name)         prefix##name,
#define WARN(prefix, name, why) prefix##name,
#define NO(prefix, name, why)   prefix##name,
#define ENUM(tag, values)       enum tag { values };
#include "job/tables/enums.def"
#undef ENUM

/* The names of an enum's values, by value. */
#define ENUM(tag, values) extern const struct choice tag##_choices[];
#include "job/tables/enums.def"
#undef V
#undef WARN
#undef NO
#undef ENUM

#define SETTING FIELD

struct job_settings {
    struct place place;
#include "job/tables/job_settings.def"
};

struct input {
    struct place place;
#include "job/tables/input.def"
};

struct audio_selector {
    struct place place;
#include "job/tables/audio_selector.def"
};

struct video_selector {
    struct place place;
#include "job/tables/video_selector.def"
};

struct output_group {
    struct place place;
#include "job/tables/output_group.def"
};

struct output_group_settings {
    struct place place;
#include "job/tables/output_group_settings.def"
};

struct output {
    struct place place;
#include "job/tables/output.def"
};

struct container_settings {
    struct place place;
#include "job/tables/container_settings.def"
};

struct output_settings {
    struct place place;
#include "job/tables/output_settings.def"
};

struct hls_settings {
    struct place place;
#include "job/tables/hls_settings.def"
};

struct video_description {
    struct place place;
#include "job/tables/video_description.def"
};

struct video_codec_settings {
    struct place place;
#include "job/tables/video_codec_settings.def"
};

struct h264_settings {
    struct place place;
#include "job/tables/h264_settings.def"
};

struct h264_qvbr_settings {
    struct place place;
#include "job/tables/h264_qvbr_settings.def"
};

struct frame_capture_settings {
    struct place place;
#include "job/tables/frame_capture_settings.def"
};

struct audio_description {
    struct place place;
#include "job/tables/audio_description.def"
};

struct audio_codec_settings {
    struct place place;
#include "job/tables/audio_codec_settings.def"
};

struct aac_settings {
    struct place place;
#include "job/tables/aac_settings.def"
};

struct hls_group_settings {
    struct place place;
#include "job/tables/hls_group_settings.def"
};

struct file_group_settings {
    struct place place;
#include "job/tables/file_group_settings.def"
};

struct destination_settings {
    struct place place;
#include "job/tables/destination_settings.def"
};

struct s3_destination_settings {
    struct place place;
#include "job/tables/s3_destination_settings.def"
};

struct s3_encryption_settings {
    struct place place;
#include "job/tables/s3_encryption_settings.def"
};

struct s3_destination_access_control {
    struct place place;
#include "job/tables/s3_destination_access_control.def"
};

struct m3u8_settings {
    struct place place;
#include "job/tables/m3u8_settings.def"
};

struct mp4_settings {
    struct place place;
#include "job/tables/mp4_settings.def"
};

struct timecode_config {
    struct place place;
#include "job/tables/timecode_config.def"
};

struct create_job_request {
    struct place place;
#include "job/tables/create_job_request.def"
};

#undef SETTING

#define X(tag, name) extern const struct structure tag##_structure;
STRUCTURES(X)
#undef X

#endif
