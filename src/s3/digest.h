/* SPDX-License-Identifier: Apache-2.0 */
/* Hashes as HTTP, S3 and its ETags write them. */
#ifndef S3_DIGEST_H
#define S3_DIGEST_H

#include <openssl/evp.h>

#include "s3/http.h"

enum { MD5_BYTES = 16, MD5_HEX_SIZE = 33, MD5_BASE64_SIZE = 25, SHA256_HEX_SIZE = 65 };

/* A NUL behind it. */
void digest_hex(const unsigned char *bytes, size_t size, char *out);

/* Of a body's pieces, one after the other. */
void digest_md5(const struct piece body[HTTP_PIECES], unsigned char out[MD5_BYTES]);
void digest_sha256(const struct piece body[HTTP_PIECES], char out[SHA256_HEX_SIZE]);

/* The value of Content-MD5; returns out. */
const char *digest_base64(const unsigned char md5[MD5_BYTES], char out[MD5_BASE64_SIZE]);

/* An MD5 of what comes piece by piece, such as an ETag: made, given bytes by EVP_DigestUpdate(),
 * and ended by md5_hex(). NULL: out of memory, or this OpenSSL
 * has no MD5. */
EVP_MD_CTX *md5_new(void);
void md5_free(EVP_MD_CTX **md5);
void md5_hex(EVP_MD_CTX *md5, char out[MD5_HEX_SIZE]);

#endif
