/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why something failed: the first cause, then what each caller was doing.
 *
 * Functions that can fail take `struct error *err` last and return 0, or -1 with err set. Only
 * main, the worker and the HTTP handler print errors; everyone else adds a frame and returns.
 * End of file and cancel are not errors of the media: EOF ends a loop, ERROR_CANCELED a run.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/macros.h"

/*
 * The one thing callers branch on. Kinds from 1000 up are MediaConvert's job ErrorCodes, with
 * the title that its user guide gives them (mediaconvert_error_codes); the others never reach a
 * job's ErrorCode except ERROR_BUG, which is reported as 1999.
 *
 * X(kind, code, title)
 */
#define ERROR_KINDS(X)                                                                             \
    X(ERROR_BAD_REQUEST, 1, "Bad Request")                                                         \
    X(ERROR_CANCELED, 2, "Canceled")                                                               \
    X(ERROR_BUG, 3, "Internal Error")                                                              \
    X(ERROR_CONFLICT, 4, "Conflict")                                                               \
    X(ERROR_THROTTLED, 5, "Too Many Requests")                                                     \
    X(ERROR_INPUT, 1010, "Input Error")                                                            \
    X(ERROR_NO_VIDEO, 1020, "Video Error")                                                         \
    X(ERROR_NO_AUDIO, 1021, "Audio Error")                                                         \
    X(ERROR_UNSUPPORTED, 1030, "Unsupported Codec")                                                \
    X(ERROR_SETTINGS, 1040, "Settings Error")                                                      \
    X(ERROR_DISK_FULL, 1050, "Disk Full")                                                          \
    X(ERROR_FILE_OPEN, 1056, "File Open Error")                                                    \
    X(ERROR_CLIPPING, 1060, "Clipping Error")                                                      \
    X(ERROR_DEMUXER, 1075, "Demuxer Parse Error")                                                  \
    X(ERROR_SOURCE_READ, 1076, "Source Read Error")                                                \
    X(ERROR_AUDIO_DECODER, 1092, "Decode Audio Initialization Error")                              \
    X(ERROR_PERMISSION, 1401, "Permissions Issue")                                                 \
    X(ERROR_NOT_FOUND, 1404, "File Open Error")                                                    \
    X(ERROR_ROLE, 1432, "IAM Role Error")                                                          \
    X(ERROR_UNKNOWN, 1999, "Unknown Error")                                                        \
    X(ERROR_HTTP_UNAUTHORIZED, 3401, "HTTP Not Authorized")                                        \
    X(ERROR_HTTP_FORBIDDEN, 3403, "HTTP Forbidden")                                                \
    X(ERROR_HTTP_NOT_FOUND, 3404, "HTTP Not Found")                                                \
    X(ERROR_HTTP_SERVER, 3450, "HTTP Server Error")                                                \
    X(ERROR_HTTP_CONNECTION, 3451, "HTTP Connection Error")                                        \
    X(ERROR_HTTP_UNKNOWN, 3999, "HTTP Unknown Error")

enum error_kind {
#define X(kind, code, title) kind = code,
    ERROR_KINDS(X)
#undef X
};

enum { ERROR_FRAMES = 6, ERROR_TEXT = 320 };

struct error {
    enum error_kind kind;
    char at[192]; /* job field at fault, "/outputGroups/0/..."; "" if none */
    char frame[ERROR_FRAMES][ERROR_TEXT]; /* [0] is the cause; deeper calls come first */
    int frames;
};

/* Adds a frame and returns -1, so that one can `return error_add(err, "output '%s'", name);`
 * The cause is kept when the frames run out. */
int error_add(struct error *err, const char *fmt, ...) PRINTF(2, 3);

/* Starts anew with this cause; returns -1. */
int error_set(struct error *err, enum error_kind kind, const char *fmt, ...) PRINTF(3, 4);

/* The compiler is told that it is -1, so that it can follow what is set on success only. */
#define error_add(...)                                                                             \
    ({                                                                                             \
        (void)(error_add)(__VA_ARGS__);                                                            \
        -1;                                                                                        \
    })
#define error_set(...)                                                                             \
    ({                                                                                             \
        (void)(error_set)(__VA_ARGS__);                                                            \
        -1;                                                                                        \
    })

/* Writes "outermost: …: cause" into text, cut to size; returns text. */
char *error_text(const struct error *err, char *text, int size);

/* MediaConvert's ErrorCode of a failed job: the kind where it is one, else 1999. */
int error_code(const struct error *err);

/* The title of an ErrorCode or kind, "Source Read Error"; never NULL. */
const char *error_title(enum error_kind kind);

#endif
