/* SPDX-License-Identifier: Apache-2.0 */
#include "job/tables.h"

#include <math.h>

#include "job/job.h"

const char setting_required[] = "REQUIRED";

#define V(prefix, name)          {#name, EXACT, NULL},
#define WARN(prefix, name, why_) {#name, IGNORED, why_},
#define NO(prefix, name, why_)   {#name, REFUSED, why_},
#define ENUM(tag, values)        const struct choice tag##_choices[] = {values{NULL, EXACT, NULL}};
#include "job/tables/enums.def"

#define SETTING     ROW

#define SETTINGS_OF aac_settings
static const struct setting aac_settings_rows[] = {
#include "job/tables/aac_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF audio_codec_settings
static const struct setting audio_codec_settings_rows[] = {
#include "job/tables/audio_codec_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF audio_description
static const struct setting audio_description_rows[] = {
#include "job/tables/audio_description.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF audio_selector
static const struct setting audio_selector_rows[] = {
#include "job/tables/audio_selector.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF container_settings
static const struct setting container_settings_rows[] = {
#include "job/tables/container_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF create_job_request
static const struct setting create_job_request_rows[] = {
#include "job/tables/create_job_request.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF destination_settings
static const struct setting destination_settings_rows[] = {
#include "job/tables/destination_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF file_group_settings
static const struct setting file_group_settings_rows[] = {
#include "job/tables/file_group_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF frame_capture_settings
static const struct setting frame_capture_settings_rows[] = {
#include "job/tables/frame_capture_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF h264_qvbr_settings
static const struct setting h264_qvbr_settings_rows[] = {
#include "job/tables/h264_qvbr_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF h264_settings
static const struct setting h264_settings_rows[] = {
#include "job/tables/h264_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF hls_group_settings
static const struct setting hls_group_settings_rows[] = {
#include "job/tables/hls_group_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF hls_settings
static const struct setting hls_settings_rows[] = {
#include "job/tables/hls_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF input
static const struct setting input_rows[] = {
#include "job/tables/input.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF job_settings
static const struct setting job_settings_rows[] = {
#include "job/tables/job_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF m3u8_settings
static const struct setting m3u8_settings_rows[] = {
#include "job/tables/m3u8_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF mp4_settings
static const struct setting mp4_settings_rows[] = {
#include "job/tables/mp4_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF output
static const struct setting output_rows[] = {
#include "job/tables/output.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF output_group
static const struct setting output_group_rows[] = {
#include "job/tables/output_group.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF output_group_settings
static const struct setting output_group_settings_rows[] = {
#include "job/tables/output_group_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF output_settings
static const struct setting output_settings_rows[] = {
#include "job/tables/output_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF s3_destination_access_control
static const struct setting s3_destination_access_control_rows[] = {
#include "job/tables/s3_destination_access_control.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF s3_destination_settings
static const struct setting s3_destination_settings_rows[] = {
#include "job/tables/s3_destination_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF s3_encryption_settings
static const struct setting s3_encryption_settings_rows[] = {
#include "job/tables/s3_encryption_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF timecode_config
static const struct setting timecode_config_rows[] = {
#include "job/tables/timecode_config.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF video_codec_settings
static const struct setting video_codec_settings_rows[] = {
#include "job/tables/video_codec_settings.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF video_description
static const struct setting video_description_rows[] = {
#include "job/tables/video_description.def"
    {0}};
#undef SETTINGS_OF

#define SETTINGS_OF video_selector
static const struct setting video_selector_rows[] = {
#include "job/tables/video_selector.def"
    {0}};
#undef SETTINGS_OF

#define X(tag, name_)                                                                              \
    const struct structure tag##_structure = {name_, sizeof(struct tag), tag##_rows};
STRUCTURES(X)
#undef X

#define X(tag, name_) &tag##_structure,
const struct structure *const job_structures[] = {STRUCTURES(X) NULL};
#undef X
