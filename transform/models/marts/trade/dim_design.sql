with

designs as (

    select * from {{ ref('stg_totesys__designs') }}

),

final as (

    select
        design_id,
        design_name,
        file_location,
        file_name
    from designs

)

select * from final
