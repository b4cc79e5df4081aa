#pragma once

namespace tarn::test {

/// Keys of these tests alone. Made with `openssl ecparam -genkey` and `openssl genrsa`.
inline constexpr const char* ec_private_key = R"(-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg1c7fT023f5RKwQs3
mELrWce1IENjGNb5FSI2v7ltYdOhRANCAATAnpEV2i7Kjsg7SnekaEUX3goZvGpb
c4IuUMPRcO7JRBJ3/NcWM8nRlj9XjgS0zu/KGeei0U+7rX6WyKE8O90B
-----END PRIVATE KEY-----
)";
inline constexpr const char* ec_public_key = R"(-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEwJ6RFdouyo7IO0p3pGhFF94KGbxq
W3OCLlDD0XDuyUQSd/zXFjPJ0ZY/V44EtM7vyhnnotFPu61+lsihPDvdAQ==
-----END PUBLIC KEY-----
)";
/// The same key: as `openssl ecparam -genkey` writes it, and as PKCS#8 under the password "secret".
inline constexpr const char* ec_old_private_key = R"(-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEINXO309Nt3+USsELN5hC61nHtSBDYxjW+RUiNr+5bWHToAoGCCqGSM49
AwEHoUQDQgAEwJ6RFdouyo7IO0p3pGhFF94KGbxqW3OCLlDD0XDuyUQSd/zXFjPJ
0ZY/V44EtM7vyhnnotFPu61+lsihPDvdAQ==
-----END EC PRIVATE KEY-----
)";
inline constexpr const char* ec_encrypted_key = R"(-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhmcT1MW64gOwICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEJ8GnCV9eprM0/fEcLEZVlQEgZBw
MHjcJ0jk4F5yxQTucw7wSQ89ryPMMQXRJKRIPXbfkLgWx7VxoQwCf87objYNQEAL
Lzu0Rfn9SLUfj3vwweJv8EPfb4++jcRz3JI71YFrhR0G52MZvxn4m7RDoz2aYvQ1
NgVIXDl5NI1gPSuZ5AElmccgi385B2anUJS2gurg2U/izytpNV0kOVVSvOhWxFE=
-----END ENCRYPTED PRIVATE KEY-----
)";
/// Over P-384.
inline constexpr const char* other_private_key = R"(-----BEGIN EC PRIVATE KEY-----
MIGkAgEBBDCnzG0Wu8yQ2cvJfIHUEFqyXRDJy9ukblQCmbmhAKley0OaNCWHDAET
YiFGlmcFTqmgBwYFK4EEACKhZANiAARvf2LGAKgKcjJYBUPfy6VQVsVOwTxb+ha6
1pI74yEVNCFLPy61MpkUo081TzTgTpJ/ystpY+01OSHR4Vnr1iMQZlXAF+rAT+cM
FDYsgAXlGZm+t8N6tcFB4mS80oxXn+g=
-----END EC PRIVATE KEY-----
)";
inline constexpr const char* rsa_private_key = R"(-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQD2uEWaaseY1DxG
/ysWHOVzQQkllFuL0rIuceXGKw2vysy6ZSn6iyErBoQLudO1dpisYcJK0UGQB+81
E3o11lYCihtUcGFr3gT84D5h4JLjdXOXiRcoP2hVBMLuZhCa7TjHB+f+RTNhiYRm
wy0kpjut2dfzLBpuCe0U0tUKpUuAVVFudoyLPUKIea1lg16UaKIc/wy9PwdJHPwY
PC/WyeuHmyKOpRgJX4DV4Q5TzN30WK+AG9RIfq2T5Ra9cDnpEd3y95qaRfznrC4L
sPWrEx3jIpFmiGj935sBKxJrO/Yd8VjvcUc4t5RtlSkUhZWdu6Dpu3TinYk3JkvA
oqmX9CepAgMBAAECggEACQshoAKkfNVgvUB6sZWPEo2yemJpBaPMPLgXkk8/Me+m
1/k/0+t4JIXZXr2pxTfK6lyt/MSVWOR1j/Y+D02jOvYZgNuaspPBjoxgtQFAmR5T
xZz0kJjcZ+tkAs2Sc79YyrDfP9qFAuEBzat/Ut3WB64ZxJPcBycNfespfHmpHhPQ
GlUROzDH1b7YgPHiwWeC9NYt0HUuKJzsFRttGEKShkaxIOboibQfuUfG0nN0opyh
0maMR0eD5/y+fRb4iWHZ2ADMCIG87FuJdkZ9/WLZzky9IojjEDOMiFukkgKq8kX7
IIUz+Re3VLde16t6FLguOPzB7I0VI/wwgZf8EOiAwQKBgQD/c5/RKQkU6Ns6mqKZ
a8bnrIxhMOnm0KpFMXZkRb4bTjoQ3DTpyBWEWQh2oUk6jBdTcZCv2bKz5JJ78cvD
Y+dB6henMnIXgNHlU0X7rZS1L/8/z1/rJIYENtabt3oO8ZgAivJMfLZ+akrXur9B
4y579KWa5WtWArgp7nl9TbLiSQKBgQD3P9lqf6RB0Kx2Rzn/mzdBm9Uzno5XPb9y
xokH1j5ShKVBYCosN+TV5OG/E3ys9uSgfu6acn7NHO/tKaN9iugI1AeChN1qJaop
aOW2krRI35/0m8PNXXRCUcjDJcIsjfH8c7Mr1IVlknfJ9AyiaEfUMEI4KULAL3dg
sRl2yqkaYQKBgGcJ+YYBumMPxhYud7XQzmt2oy008LQkqPm+CNZLd3JGLI/Ocx11
kpBO5WYMiqAuD96dqVH1SurbIOcT0jAfJRHmXeIYLAMk+AU7gLgS/S/Ui23utO8B
TXl3sTsgWACdHMXjRfbqOyZks4mvDySBgaeIOCBxt8j60dRAGAseAzDZAoGBANgM
p/wiqzKDmKAGH00WoZMoC4X+r9zV7RvrFkSN1ometRTKZi+ba8/oH8cqzRAK8b65
C+BT2i97cL/pWZ5TKezE8gb/+MZPQUDME6aUzQq8tfY1wkQKvJNTCb5UmTb7lg+G
PnM3UpVuBlSnd/7WZqWowcR3cYekMomAV4LxFhEhAoGBAL51cWNCVfzRK7p05avH
F+NoWSWrKiEvtT40jMewfHyVxvg3nA+Ft7o09QgrzrBzcWzzIp2l0H8lEkIpsYEg
H3t7NLP33ZRKX4TqsI/Oht4Qq7ZjfA7fIhbEwuF/2jTWrYMB5ByRg9hVvm+Mbu1p
E/zu940KohGdnZJl8Spnr6zB
-----END PRIVATE KEY-----
)";
inline constexpr const char* rsa_public_key = R"(-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA9rhFmmrHmNQ8Rv8rFhzl
c0EJJZRbi9KyLnHlxisNr8rMumUp+oshKwaEC7nTtXaYrGHCStFBkAfvNRN6NdZW
AoobVHBha94E/OA+YeCS43Vzl4kXKD9oVQTC7mYQmu04xwfn/kUzYYmEZsMtJKY7
rdnX8ywabgntFNLVCqVLgFVRbnaMiz1CiHmtZYNelGiiHP8MvT8HSRz8GDwv1snr
h5sijqUYCV+A1eEOU8zd9FivgBvUSH6tk+UWvXA56RHd8veamkX856wuC7D1qxMd
4yKRZoho/d+bASsSazv2HfFY73FHOLeUbZUpFIWVnbug6bt04p2JNyZLwKKpl/Qn
qQIDAQAB
-----END PUBLIC KEY-----
)";

/// None of these signs images: too small, over a curve that nobody else takes, of another kind.
inline constexpr const char* small_rsa_key = R"(-----BEGIN PRIVATE KEY-----
MIICdgIBADANBgkqhkiG9w0BAQEFAASCAmAwggJcAgEAAoGBAMcN9v52ISSJSP83
uFct6vGpWLTUtIPRg2u94kdF8qqDmDiE1bFIOwo9p3/1nEZWGSWfZDX5EPGHR55C
4j1oWr54DUp0zyDcWUn81yDVEZ+LqWmQbTTi/vgaZGHz42bNqCufjb330m/jE10v
ONdJp/5l/kKoSVHohmGKKAXLwpaDAgMBAAECgYBrTqnyb7haO/AwNdeYl9ZqRMLf
aTOPRGk2sfzEM38oURzEi0ev9KJvWOFtZ/jBKjUQRSb+ubBapHUFakUQmasgwnvy
U37LeZkjEy462tkzYnCeKhZtEQgTjj8EBMkov5e4zqhOB/ZwVoHzNKDpiXUTWRUg
GerwuX5O6BeKC2FlsQJBAPlTu09Ljqe5QYopnBtaClJv34k/09/pNd1bZvxkHxEl
mbJHhgbWMgWp+e9ovVhgsc0nMmNDsXlMGJfmrSGp7iUCQQDMYcpHFWkwx8PXQcGV
cYNBknURTYc3esNlO0eo10dTPLsCPG51Q6fd1HESBH0M1nWM0qZA6ch1Q2l2m1rR
K62HAkBiAholZ4wiPl6XExg8YD6ifTuf1ilRYXk9FIr9N9ZGhUNPo3H6CgUL2O9Y
vxF/RjNec8QI5TlEdzdLru/rxcLJAkBnVkpgBoNZFqf+flDSrsIetV5bkUd81aVV
2dMxmyeE/n/PcZ6ny71ke7Vv1rUjeIuW2CsXRx0DrUH1pjcU63ChAkEApmfP3Bib
uZ/OgpYYg9HqirK3HSjW3bAVRVYU6Q1WgHGx25uddgBJvJ8Ci+VRhXZhyQg8JJB/
1a2MtAy55jIfUA==
-----END PRIVATE KEY-----
)";
inline constexpr const char* odd_curve_key = R"(-----BEGIN PRIVATE KEY-----
MIGEAgEAMBAGByqGSM49AgEGBSuBBAAKBG0wawIBAQQgz3lU50lU5FpcpnEnJrem
iec4YmfWSZtoXXl6C42yS4ihRANCAASw0GQDsUrRVACaqvDedF7oq3DxjkPsSuZx
Zs5tnDAvnsVROls4Vtm9l8jHz+czgH4Pj195f3ty9EEnsIsq2uGU
-----END PRIVATE KEY-----
)";
inline constexpr const char* ed25519_key = R"(-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIMErtkzK5ewTeNjNMWtKz0SqIPhl/5iR5VCQ/ULTygFk
-----END PRIVATE KEY-----
)";

}  // namespace tarn::test
