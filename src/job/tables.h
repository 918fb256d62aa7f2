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

#include "base/macros.h"
#include "job/setting.h"

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
#define TABLES_AS_STRUCTS
#include "job/tables/structures.def"
#undef TABLES_AS_STRUCTS
#undef SETTING

#endif
