/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Notifications that objects were put: POST /webhooks/uploads, with the token of webhooks (auth.h).
 * Each object is handled as a task of a batch job would be (batch/uploads.h). The answer comes when
 * they are on record, and says how many were new: {"accepted": 1, "repeated": 0, "ignored": 0}.
 *
 * Taken are messages of S3's shape, {"Records": [{"eventName": "ObjectCreated:Put", "s3": …}]}, as
 * AWS, MinIO and Ceph send them. MinIO puts "s3:" before eventName; keys are encoded as forms are,
 * but for Ceph's, which are as they are.
 * Records of other events, and S3's test message, are ignored. A message in which anything is wrong
 * is refused as a whole.
 */
#ifndef HTTP_UPLOAD_H
#define HTTP_UPLOAD_H

#include "http/route.h"
#include "http/service.h"
#include "status/uploads.h"

enum { UPLOAD_BODY_MAX = 1024 * 1024, UPLOAD_RECORDS_MAX = 1000 };

operation upload_notify;

/**
 * Reads a message; strings are in the arena.
 *
 * @param ret_ignored  how many of its records are of other events
 * @retval -1  ERROR_BAD_REQUEST: it is no such message
 */
int upload_read(struct arena *arena, const char *text, size_t size, struct upload_notice **ret,
                int *ret_count, int *ret_ignored, struct error *err) MUST_CHECK;

#endif
