with geolocations as (

    select * from {{ ref('stg_olist__geolocations') }}

),

customers as (

    select * from {{ ref('stg_olist__customers') }}

),

sellers as (

    select * from {{ ref('stg_olist__sellers') }}

),

-- Customers and sellers name places only where the observations do not.
places as (

    select
        zip_code_prefix,
        city,
        state,
        1 as precedence,
        count(*) as mention_count
    from geolocations
    group by 1, 2, 3

    union all

    select
        zip_code_prefix,
        city,
        state,
        2 as precedence,
        count(*) as mention_count
    from customers
    group by 1, 2, 3

    union all

    select
        zip_code_prefix,
        city,
        state,
        3 as precedence,
        count(*) as mention_count
    from sellers
    group by 1, 2, 3

),

ranked_places as (

    select
        places.*,
        row_number() over (
            partition by zip_code_prefix
            order by precedence, mention_count desc, state, city
        ) as place_rank
    from places

),

-- The median withstands the observations that lie in another hemisphere.
coordinates as (

    select
        zip_code_prefix,
        count(*) as observation_count,
        {{ median('latitude') }} as latitude,
        {{ median('longitude') }} as longitude
    from geolocations
    group by 1

),

final as (

    select
        ranked_places.zip_code_prefix,

        ranked_places.city,
        ranked_places.state,

        cast(coordinates.latitude as numeric(9, 6)) as latitude,
        cast(coordinates.longitude as numeric(9, 6)) as longitude,
        coalesce(coordinates.observation_count, 0) as observation_count
    from ranked_places
    left join coordinates on ranked_places.zip_code_prefix = coordinates.zip_code_prefix
    where ranked_places.place_rank = 1

)

select * from final
