//! Colours: what a picture's profile means, in sRGB, which browsers take a picture without one for.

use image::DynamicImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, ParsingOptions, TransformOptions};

/// The largest table in a profile, in entries.
const MAX_TABLE: usize = 1_000_000;

/// The picture in sRGB; as it is, if the profile cannot be read or is not one of RGB colours.
pub(super) fn to_srgb(picture: DynamicImage, profile: &[u8]) -> DynamicImage {
    if !picture.color().has_color() {
        return picture;
    }
    let converted = if picture.color().has_alpha() {
        let mut pixels = picture.to_rgba8();
        convert(profile, Layout::Rgba, &mut pixels).map(|()| pixels.into())
    } else {
        let mut pixels = picture.to_rgb8();
        convert(profile, Layout::Rgb, &mut pixels).map(|()| pixels.into())
    };
    converted.unwrap_or(picture)
}

fn convert(profile: &[u8], layout: Layout, pixels: &mut [u8]) -> Option<()> {
    let options = ParsingOptions {
        max_allowed_clut_size: MAX_TABLE,
        ..ParsingOptions::default()
    };
    let profile = ColorProfile::new_from_slice_with_options(profile, options).ok()?;
    if profile.color_space != DataColorSpace::Rgb {
        return None;
    }
    let srgb = ColorProfile::new_srgb();
    let transform = profile
        .create_transform_8bit(layout, &srgb, layout, TransformOptions::default())
        .ok()?;
    let original = pixels.to_vec();
    transform.transform(&original, pixels).ok()
}

#[cfg(test)]
mod tests {
    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    #[test]
    fn display_p3_becomes_srgb() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        let picture = RgbImage::from_pixel(2, 2, Rgb([185, 50, 41])).into();

        let Rgb([red, green, blue]) = *to_srgb(picture, &p3).into_rgb8().get_pixel(0, 0);

        assert!(
            red.abs_diff(200) <= 2 && green.abs_diff(30) <= 4 && blue.abs_diff(30) <= 4,
            "{red} {green} {blue}"
        );
    }

    #[test]
    fn transparency_stays() {
        let p3 = ColorProfile::new_display_p3().encode().unwrap();
        let picture = RgbaImage::from_pixel(2, 2, Rgba([185, 50, 41, 7])).into();

        assert_eq!(to_srgb(picture, &p3).into_rgba8().get_pixel(0, 0)[3], 7);
    }

    #[test]
    fn a_profile_that_is_none_changes_nothing() {
        let pixels = RgbImage::from_pixel(2, 2, Rgb([185, 50, 41]));

        for profile in [&b""[..], b"nonsense", &[0; 4096]] {
            assert_eq!(to_srgb(pixels.clone().into(), profile), pixels.clone().into());
        }
    }
}
