//! The macro that makes a table and a typed struct of the declaration of the settings.

/// Declares the settings: for each its help, its name in the code, its type and all else that is
/// said of it in [`Setting`](super::Setting). A secret has no type, because it is kept elsewhere.
macro_rules! settings {
    ($( #[doc = $help:literal] $id:ident $(: $shape:ty)? = $setting:expr; )*) => {
        /// A `T` for each setting.
        #[derive(Debug, Clone)]
        pub(crate) struct PerSetting<T> {
            $( pub(crate) $id: T, )*
        }

        impl<T> PerSetting<T> {
            /// All of them, in the order of the declaration.
            pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
                [ $( &self.$id ),* ].into_iter()
            }

            /// Returns what `of` makes of each.
            pub(crate) fn map<'a, U>(&'a self, mut of: impl FnMut(&'a T) -> U) -> PerSetting<U> {
                PerSetting { $( $id: of(&self.$id), )* }
            }
        }

        /// Every setting, in the order of the documentation.
        pub(crate) static SETTINGS: PerSetting<Setting> = PerSetting {
            $(
                $id: Setting {
                    id: stringify!($id),
                    help: $help.trim_ascii(),
                    $( value: Some(value::ValueKind::of::<$shape>()), )?
                    ..$setting
                },
            )*
        };

        /// The values that count, and where each of them comes from.
        #[derive(Debug, Clone)]
        pub(crate) struct Settings {
            $( $( #[doc = $help] pub(crate) $id: value::Stored<$shape>, )? )*
            /// The source of each, with its text.
            pub(crate) found: PerSetting<Found>,
        }

        impl Settings {
            /// Reads each value that was found. Those of the command line and of the file were
            /// read once before, to tell what is wrong with them.
            pub(crate) fn read(found: PerSetting<Found>) -> Result<Self, String> {
                Ok(Self {
                    $( $( $id: value::read::<$shape>(found.$id.used())?, )? )*
                    found,
                })
            }
        }
    };
}

pub(super) use settings;
