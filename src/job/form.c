/* SPDX-License-Identifier: Apache-2.0 */
/* Where the settings are: bare, in a CreateJob request, or in a GetJob answer. */
#include "job/check.h"

struct form job_form(struct json *root)
{
    struct json *job = json_member(root, "Job"), *settings;
    if (job && (settings = json_member(job, "Settings")))
        return (struct form){FORM_ANSWER, job, settings};

    settings = json_member(root, "Settings");
    if (!settings)
        return (struct form){FORM_SETTINGS, NULL, root};
    if (json_member(root, "Arn") || json_member(root, "Status"))
        return (struct form){FORM_ANSWER, root, settings};
    return (struct form){FORM_REQUEST, root, settings};
}
