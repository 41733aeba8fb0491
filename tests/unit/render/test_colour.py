"""The colour profile is one that another library understands."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from packets.render.colour import srgb_profile


def test_the_profile_means_the_colours_of_srgb() -> None:
    """A colour engine that is not ours opens the profile and finds every colour where its own sRGB has it."""
    ours = ImageCms.ImageCmsProfile(io.BytesIO(srgb_profile()))
    assert ImageCms.getProfileDescription(ours).strip() == "sRGB IEC61966-2.1"
    picture = Image.new("RGB", (6, 1))
    picture.putdata([(0, 0, 0), (255, 255, 255), (23, 59, 107), (200, 10, 90), (0, 255, 0), (128, 128, 128)])
    turned = ImageCms.profileToProfile(picture, ours, ImageCms.createProfile("sRGB"))
    assert turned is not None
    pairs = zip(picture.tobytes(), turned.tobytes(), strict=True)
    assert all(abs(before - after) <= 1 for before, after in pairs)


def test_the_profile_is_as_long_as_it_says() -> None:
    """The size in the header is the size of the file."""
    profile = srgb_profile()
    assert int.from_bytes(profile[:4], "big") == len(profile)
