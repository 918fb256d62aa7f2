/* SPDX-License-Identifier: Apache-2.0 */
#include "job/tables.h"

#include <math.h>

#include "job/job.h"

const char setting_required[] = "REQUIRED";

const char *const support_names[] = {"EXACT", "CLOSE", "IGNORED", "REFUSED"};
const char *const support_docs[] = {
    "does what MediaConvert does",
    "the nearest equivalent; the text says what differs",
    "checked and echoed, changes nothing; a warning where its value asks for something else",
    "real in MediaConvert; the job fails here rather than be faked",
};

#define V(prefix, name)          {#name, EXACT, NULL},
#define WARN(prefix, name, why_) {#name, IGNORED, why_},
#define NO(prefix, name, why_)   {#name, REFUSED, why_},
#define ENUM(tag, values)        const struct choice tag##_choices[] = {values{NULL, EXACT, NULL}};
#include "job/tables/enums.def"

#define SETTING ROW
#define TABLES_AS_ROWS
#include "job/tables/structures.def"
#undef TABLES_AS_ROWS
#undef SETTING

#define SETTING(...)
#define TABLES_AS_LIST
const struct structure *const job_structures[] = {
#include "job/tables/structures.def"
    NULL};
