/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a folder keeps the object of a key: any key has a path, and any such path one key.
 *
 * A key is a row of components with slashes between them; nearly every one is its own path. These
 * are not, because no folder can hold them as they are:
 *
 *   component of the key                in the folder
 *   ""  (of "/a", "a//b", "a/")         .%
 *   "."  and  ".."                      .%.   .%..
 *   ".uploads" if it is the first       .%.uploads
 *   one that begins with ".%"           .% and the component
 *   longer than 255 bytes               .%+ and as many whole characters as make up to 252 bytes,
 *                                       then, as a component of its own, the rest by these rules
 *
 * An object may be called like a folder ("a" beside "a/b"): it is kept in that folder as ".%@".
 * Only the store can know of that; key_to_path() never writes it, key_from_path() reads it.
 */
#ifndef S3_KEY_H
#define S3_KEY_H

enum {
    KEY_MAX_BYTES = 1024,
    KEY_PATH_SIZE = 3200, /* room for any path and "/.%@": 1024 slashes make 3074 bytes */
};

#define KEY_BESIDE  ".%@"
#define KEY_UPLOADS ".uploads"

/* 0; -1 if the key is empty or longer than KEY_MAX_BYTES: no object has such a key. */
int key_to_path(const char *key, char path[KEY_PATH_SIZE]);

/* 0; -1 if no key has this path. */
int key_from_path(const char *path, char key[KEY_MAX_BYTES + 1]);

/* What a name in a folder says about the keys of what has it. */
enum key_name {
    KEY_NAME_COMPONENT, /* a component: `ret` */
    KEY_NAME_CONTINUED, /* a folder; `ret` and each name in it are one component */
    KEY_NAME_BESIDE,    /* the object that is called like the folder */
    KEY_NAME_NONE,      /* no key has a path with this name */
};

/* `ret` points into `name`. Not every component is one that has this path: key_to_path() tells. */
enum key_name key_name(const char *name, const char **ret);

#endif
